import Recipe
import Testing
import TestSupport

@testable import Launcher

@Suite struct FleetRestartTests {
  @Test func `all start again when all have ended and the delay is over`() throws {
    var fleet = started(2)
    _ = fleet.handle(.progressed(Progress(epoch: 1, step: 12)))
    _ = fleet.handle(.ended(rank: 1, .killed(9), at: .seconds(5)))
    let actions = fleet.handle(.ended(rank: 0, .killed(15), at: .seconds(6)))
    guard case .retry(let outcome, after: .seconds(1), number: 1) = actions.first else {
      throw TestError("\(actions)")
    }
    #expect(actions.count == 1)
    #expect(outcome.firstFailure == 1 && outcome.attempt == 0 && outcome.progress?.step == 12)
    #expect(fleet.isWaiting && fleet.deadline == .seconds(7))
    #expect(fleet.handle(.timePassed(.milliseconds(6999))) == [])
    #expect(fleet.handle(.timePassed(.seconds(7))) == [.begin(attempt: 1)])
    #expect(fleet.handle(.begun) == [.launch(rank: 0)])
    #expect(fleet.handle(.launched(rank: 0)) == [.launch(rank: 1)])
    #expect(fleet.handle(.launched(rank: 1)) == [])
    #expect(!fleet.isWaiting && fleet.deadline == nil)
  }

  @Test func `an attempt knows nothing of the one before`() throws {
    var fleet = try failedOnce()
    _ = fleet.handle(.timePassed(.seconds(7)))
    for rank in 0..<2 { _ = fleet.handle(.launched(rank: rank)) }
    #expect(fleet.handle(.ended(rank: 0, .exited(0), at: .seconds(20))) == [])
    let outcome = try finished(fleet.handle(.ended(rank: 1, .exited(0), at: .seconds(21))))
    #expect(outcome.exitStatus == 0 && outcome.firstFailure == nil)
    #expect(outcome.attempt == 1 && outcome.start == .seconds(7) && outcome.progress == nil)
  }

  @Test func `the last attempt's failure is the run's`() throws {
    var fleet = try failedOnce()
    _ = fleet.handle(.timePassed(.seconds(7)))
    for rank in 0..<2 { _ = fleet.handle(.launched(rank: rank)) }
    _ = fleet.handle(.ended(rank: 0, .exited(79), at: .seconds(20)))
    let outcome = try finished(fleet.handle(.ended(rank: 1, .killed(15), at: .seconds(21))))
    #expect(outcome.exitStatus == 79 && outcome.firstFailure == 0)
    #expect(outcome.reasonToStop == "another start would not mend this")
  }

  @Test func `what has waited in vain for room is not started again`() throws {
    var fleet = started(1)
    #expect(fleet.handle(.ranOutOfRoom) == [])
    let outcome = try finished(fleet.handle(.ended(rank: 0, .exited(74), at: .seconds(5))))
    #expect(outcome.exitStatus == 74 && outcome.lacksRoom && outcome.reasonToStop?.contains("full") == true)
  }

  @Test(arguments: [Ending.exited(0), .exited(75)])
  func `a run that did not fail is not started again`(_ ending: Ending) throws {
    var fleet = started(1)
    #expect(try finished(fleet.handle(.ended(rank: 0, ending, at: .seconds(5)))).firstFailure == nil)
  }

  @Test func `after a request to stop a failure is the end`() throws {
    var fleet = started(2)
    _ = fleet.handle(.stopRequested(.terminate, at: .seconds(4)))
    _ = fleet.handle(.ended(rank: 1, .killed(9), at: .seconds(5)))
    let outcome = try finished(fleet.handle(.ended(rank: 0, .exited(75), at: .seconds(6))))
    #expect(outcome.exitStatus == 137 && outcome.reasonToStop == nil)
  }

  /// systemd takes "stopping" for the last word.
  @Test func `a run that may start again is not stopping`() {
    var fleet = started(2)
    _ = fleet.handle(.ended(rank: 1, .killed(9), at: .seconds(5)))
    #expect(fleet.deadline == .seconds(9) && fleet.endAsAsked == nil)
    _ = fleet.handle(.stopRequested(.terminate, at: .seconds(6)))
    #expect(fleet.endAsAsked == fleet.deadline && fleet.endAsAsked != nil)
  }

  @Test func `a request to stop ends the wait`() throws {
    var fleet = try failedOnce()
    let outcome = try finished(fleet.handle(.stopRequested(.interrupt, at: .milliseconds(6500))))
    #expect(outcome.exitStatus == 130 && outcome.firstFailure == nil)
  }

  @Test func `where something is saved, a request to stop between two attempts stops early`() throws {
    var fleet = try failedOnce()
    let outcome = try finished(
      fleet.handle(.stopRequested(.terminate, at: .milliseconds(6500), isResumable: true)))
    #expect(outcome.exitStatus == 75 && outcome.firstFailure == nil && outcome.stopSignal == .terminate)
  }

  @Test(arguments: [(true, 75), (false, 143)])
  func `nobody has begun in a next attempt, so it costs nothing`(isResumable: Bool, status: Int) throws {
    var fleet = try failedOnce()
    _ = fleet.handle(.timePassed(.seconds(7)))
    let outcome = try finished(
      fleet.handle(.stopRequested(.terminate, at: .seconds(8), isResumable: isResumable)))
    #expect(outcome.exitStatus == CInt(status) && outcome.firstFailure == nil)
  }

  @Test(arguments: [(nil, 75), (Progress(epoch: 0, step: 3), 143)] as [(Progress?, Int)])
  func `workers that had not begun when they were ended lose nothing`(progress: Progress?, status: Int) throws
  {
    var fleet = try failedOnce()
    _ = fleet.handle(.timePassed(.seconds(7)))
    _ = fleet.handle(.begun)
    for rank in 0..<2 { _ = fleet.handle(.launched(rank: rank)) }
    _ = fleet.handle(.stopRequested(.terminate, at: .seconds(8), isResumable: true))
    _ = fleet.handle(.progressed(progress))
    _ = fleet.handle(.ended(rank: 0, .killed(15), at: .seconds(9)))
    let outcome = try finished(fleet.handle(.ended(rank: 1, .killed(15), at: .seconds(9))))
    #expect(outcome.exitStatus == CInt(status))
  }

  /// The second ending is one that no other start would mend.
  @Test(arguments: [(Ending.killed(9), true, 75), (.exited(79), true, 79), (.killed(9), false, 143)])
  func `a request to stop while the others are ended takes the place of another start`(
    ending: Ending, isResumable: Bool, status: Int
  ) throws {
    var fleet = started(2)
    _ = fleet.handle(.ended(rank: 1, ending, at: .seconds(5)))
    _ = fleet.handle(.stopRequested(.terminate, at: .seconds(5.5), isResumable: isResumable))
    let outcome = try finished(fleet.handle(.ended(rank: 0, .killed(9), at: .seconds(6))))
    #expect(outcome.exitStatus == CInt(status) && outcome.firstFailure == 1)
  }

  @Test(
    arguments: [(true, nil, 75), (false, nil, 143), (true, Progress(epoch: 0, step: 3), 143)]
      as [(Bool, Progress?, Int)])
  func `a first attempt that goes on from what is saved loses nothing before it has begun`(
    isResumable: Bool, progress: Progress?, status: Int
  ) throws {
    var fleet = started(1)
    _ = fleet.handle(.stopRequested(.terminate, at: .seconds(1), isResumable: isResumable))
    _ = fleet.handle(.progressed(progress))
    let outcome = try finished(fleet.handle(.ended(rank: 0, .killed(15), at: .seconds(2))))
    #expect(outcome.exitStatus == CInt(status))
  }

  @Test func `a checkpoint request does not disturb the wait`() throws {
    var fleet = try failedOnce()
    #expect(fleet.handle(.checkpointRequested) == [])
    #expect(fleet.isWaiting)
  }

  @Test func `a worker held in the kernel keeps its card`() throws {
    var fleet = started(2)
    _ = fleet.handle(.ended(rank: 1, .killed(9), at: .seconds(1)))
    _ = fleet.handle(.timePassed(.seconds(5)))
    let outcome = try finished(fleet.handle(.timePassed(.seconds(10))))
    #expect(outcome.ends[0].ending == .stuck && outcome.exitStatus == 137)
  }

  @Test(arguments: [(0.0, 1.0), (0.5, 1.5), (1.0, 2.0)])
  func `chance, which comes with the last end, stretches the wait`(chance: Double, seconds: Double) {
    var fleet = started(1)
    _ = fleet.handle(.ended(rank: 0, .killed(9), at: .seconds(5), chance: chance))
    #expect(fleet.deadline == .seconds(5 + seconds))
  }

  @Test func `an attempt that cannot be made ready launches nobody`() throws {
    var fleet = try failedOnce()
    _ = fleet.handle(.timePassed(.seconds(7)))
    let refusal = Ending.notStarted("no disk", .inputOutput)
    guard
      case .retry(let outcome, after: .seconds(2), number: 2)? =
        fleet.handle(.ended(rank: 0, refusal, at: .seconds(7))).last
    else { throw TestError("no retry") }
    #expect(outcome.firstFailure == 0 && outcome.ends[1].stoppedByLauncher)
    #expect(fleet.handle(.timePassed(.seconds(9))) == [.begin(attempt: 2)])
    let end = try finished(fleet.handle(.ended(rank: 0, .notStarted("", .software), at: .seconds(9))))
    #expect(end.exitStatus == 70 && end.reasonToStop == "another start would not mend this")
  }

  @Test func `who was stopped in one attempt was not in the next`() throws {
    var fleet = started(2)
    _ = fleet.handle(.foundStopped([]))
    #expect(!fleet.knowsStoppedRanks)
    _ = fleet.handle(.foundStopped([1]))
    _ = fleet.handle(.foundStopped([0]))
    #expect(fleet.knowsStoppedRanks)
    _ = fleet.handle(.ended(rank: 0, .exited(70), at: .seconds(5)))
    guard case .retry(let outcome, _, _)? = fleet.handle(.ended(rank: 1, .killed(9), at: .seconds(6))).last
    else { throw TestError("no retry") }
    #expect(outcome.stoppedRanks == [1])
    _ = fleet.handle(.timePassed(.seconds(9)))
    #expect(!fleet.knowsStoppedRanks)
  }

  private func started(_ size: Int) -> Fleet {
    var fleet = Fleet(size: size, grace: .seconds(30), restarts: Restarts(.init(count: 3)))
    _ = fleet.handle(.begun)
    for rank in 0..<size { _ = fleet.handle(.launched(rank: rank)) }
    return fleet
  }

  /// Two workers, both ended at 6 s; the next attempt is due at 7 s.
  private func failedOnce() throws -> Fleet {
    var fleet = started(2)
    _ = fleet.handle(.progressed(Progress(epoch: 0, step: 1)))
    _ = fleet.handle(.ended(rank: 1, .killed(9), at: .seconds(5)))
    _ = fleet.handle(.ended(rank: 0, .killed(15), at: .seconds(6)))
    try #require(fleet.isWaiting)
    return fleet
  }

  private func finished(_ actions: [Fleet.Action]) throws -> Outcome {
    guard case .finish(let outcome)? = actions.last else { throw TestError("not finished: \(actions)") }
    return outcome
  }
}
