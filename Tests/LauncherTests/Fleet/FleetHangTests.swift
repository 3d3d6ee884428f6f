import Testing
import TestSupport
import WorkerLink

@testable import Launcher

@Suite struct FleetHangTests {
  @Test func `all write their stacks, then end`() throws {
    var fleet = started(3)
    let actions = fleet.handle(.hung([hang(1)], at: .seconds(5)))
    #expect(actions == (0..<3).map { .signal(.user2, rank: $0) })
    #expect(fleet.isWritingStacks)
    #expect(fleet.deadline == .seconds(7))
    #expect(
      fleet.handle(.stacksWritten(at: .seconds(5.5))) == (0..<3).map { .signal(.terminate, rank: $0) })
    #expect(fleet.deadline == .seconds(9.5))
    #expect(fleet.handle(.timePassed(.seconds(9.5))) == (0..<3).map { .signal(.kill, rank: $0) })
  }

  @Test func `a rank that writes no stack holds nobody up`() {
    var fleet = started(2)
    _ = fleet.handle(.hung([hang(1)], at: .seconds(5)))
    #expect(fleet.handle(.timePassed(.seconds(6.9))) == [])
    #expect(
      fleet.handle(.timePassed(.seconds(7))) == [.signal(.terminate, rank: 0), .signal(.terminate, rank: 1)])
  }

  @Test func `the stuck rank is the failure, however it ends`() throws {
    var fleet = started(3)
    _ = fleet.handle(.hung([hang(1)], at: .seconds(5)))
    // A worker of another kind, which has no handler for the signal.
    #expect(fleet.handle(.ended(rank: 0, .killed(12), at: .seconds(5))) == [])
    _ = fleet.handle(.stacksWritten(at: .seconds(6)))
    _ = fleet.handle(.ended(rank: 2, .exited(70), at: .seconds(7)))
    let outcome = try finished(fleet.handle(.ended(rank: 1, .killed(9), at: .seconds(10))))
    #expect(outcome.firstFailure == 1)
    #expect(outcome.exitStatus == 70)
    #expect(outcome.ends[1].ending == .hung(hang(1)))
    #expect(outcome.ends.map(\.stoppedByLauncher) == [true, false, false])
  }

  @Test func `a rank that SIGKILL does not end is held in the kernel`() throws {
    var fleet = started(1)
    _ = fleet.handle(.hung([hang(0)], at: .seconds(1)))
    _ = fleet.handle(.timePassed(.seconds(3)))
    _ = fleet.handle(.timePassed(.seconds(7)))
    let outcome = try finished(fleet.handle(.timePassed(.seconds(12))))
    #expect(outcome.ends[0].ending == .stuck)
  }

  @Test func `whoever is told to stop is left to its grace`() {
    var fleet = started(2)
    _ = fleet.handle(.stopRequested(.terminate, at: .seconds(1)))
    #expect(fleet.handle(.hung([hang(1)], at: .seconds(2))) == [])
    #expect(fleet.deadline == .seconds(31))
  }

  @Test func `who has ended is not stuck, and no stacks are awaited then`() {
    var fleet = started(2)
    _ = fleet.handle(.ended(rank: 0, .exited(0), at: .seconds(1)))
    #expect(fleet.handle(.hung([hang(0)], at: .seconds(5))) == [])
    #expect(!fleet.isWritingStacks)
    #expect(fleet.handle(.stacksWritten(at: .seconds(5))) == [])
    #expect(fleet.deadline == nil)
  }

  @Test func `a stop request during the stacks ends all at once`() {
    var fleet = started(2)
    _ = fleet.handle(.hung([hang(1)], at: .seconds(1)))
    #expect(
      fleet.handle(.stopRequested(.terminate, at: .seconds(2))) == [
        .signal(.kill, rank: 0), .signal(.kill, rank: 1),
      ])
  }

  @Test func `the report says where it was stuck and where the stacks are`() {
    let ends = [
      WorkerEnd(rank: 0, ending: .killed(15), moment: .seconds(9), stoppedByLauncher: true),
      WorkerEnd(rank: 1, ending: .hung(hang(1)), moment: .seconds(12), stoppedByLauncher: false),
    ]
    let text = FailureReport(
      runIdentifier: "digits", outcome: Outcome(ends: ends, firstFailure: 1, stopSignal: nil),
      failure: ends[1],
      process: 48213, lastLines: [], logPath: "rank-1.log",
      advice: FailureReport.Advice(debug: ["twins-worker"])
    ).text
    #expect(text.contains("   ended    stuck in forward for 3.0 s, 12.0 s after the start\n"))
    #expect(text.contains("   stacks   of all ranks that could still write them: in their logs\n"))
    #expect(
      text.contains("   next     the same command with --resume auto, after reading the stacks in the logs\n")
    )
  }

  private func hang(_ rank: Int) -> Hang {
    var state = WorkerStatus()
    state.phase = .forward
    return Hang(RankView(rank: rank, state: state, updates: 1, isStopped: false), at: 3_000_000_000)
  }

  private func started(_ size: Int) -> Fleet {
    var fleet = Fleet(size: size, grace: .seconds(30))
    _ = fleet.handle(.begun)
    for rank in 0..<size { _ = fleet.handle(.launched(rank: rank)) }
    return fleet
  }

  private func finished(_ actions: [Fleet.Action]) throws -> Outcome {
    guard case .finish(let outcome)? = actions.last else { throw TestError("not finished: \(actions)") }
    return outcome
  }
}
