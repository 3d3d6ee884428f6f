import Recipe
import TestSupport
import Testing
import Training

@testable import Collective
@testable import Worker

@Suite struct SharedFailureTests {
  /// What each of three ranks hears when those in `failures` have failed.
  private func shared(_ failures: [Int: Failure]) throws -> [Failure?] {
    try onThreeRanks { rank, group in
      return try SharedFailure(failures[rank], in: group)?.failure
    }
  }

  @Test func `all ranks hear of one rank's failure, and whose it is`() throws {
    let heard = try shared([1: Failure("a.jpg is damaged", exitStatus: .badData)])
    #expect(heard.map(\.?.description) == Array(repeating: "rank 1: a.jpg is damaged", count: 3))
    #expect(heard.map(\.?.exitStatus) == Array(repeating: .badData, count: 3))
  }

  @Test func `of two failures all hear the same one`() throws {
    let heard = try shared([
      2: Failure("b", exitStatus: .badData), 1: Failure("a", exitStatus: .inputOutput),
    ])
    #expect(heard.map(\.?.exitStatus) == Array(repeating: .inputOutput, count: 3))
  }

  @Test func `no failure is none`() throws {
    #expect(try shared([:]).map(\.?.description) == [nil, nil, nil])
  }

  @Test func `a rank by itself needs no number`() throws {
    let own = Failure("a.jpg is damaged", exitStatus: .badData)
    #expect(try SharedFailure(own, in: SoloGroup())?.failure.description == "a.jpg is damaged")
  }
}

@Suite struct EndingTogetherTests {
  /// What each of three ranks that end with `error` can still do in the group.
  private func barrierAfterwards(_ error: (any Error & Sendable)?) throws -> [CollectiveError?] {
    try onThreeRanks { rank, group in
      try? endingTogether(group) { if let error { throw error } }
      do throws(CollectiveError) {
        try group.barrier()
      } catch {
        return error
      }
      return nil
    }
  }

  @Test func `ranks that are done leave once all have come to leave`() throws {
    #expect(try barrierAfterwards(nil) == [.closed, .closed, .closed])
  }

  @Test func `so do ranks that all know why they end`() throws {
    let error = TrainingError.diverged(loss: .nan, gradientNorm: 1)
    #expect(try barrierAfterwards(error) == [.closed, .closed, .closed])
  }

  @Test func `a rank with an error of its own waits for nobody`() throws {
    #expect(try barrierAfterwards(Failure("no", exitStatus: .badData)) == [nil, nil, nil])
  }
}
