import Recipe
import TestSupport
import Testing
import Training

@testable import Collective
@testable import Worker

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
    #expect(try barrierAfterwards(Failure("no", exitCode: .badData)) == [nil, nil, nil])
  }
}
