import Recipe
import Testing

@testable import Launcher

@Suite struct FleetTests {
  @Test func `starts every rank in order`() {
    var fleet = Fleet(size: 3, grace: .seconds(30))
    #expect(fleet.handle(.begun) == [.launch(rank: 0)])
    #expect(fleet.handle(.launched(rank: 0)) == [.launch(rank: 1)])
    #expect(fleet.handle(.launched(rank: 1)) == [.launch(rank: 2)])
    #expect(fleet.handle(.launched(rank: 2)) == [])
    #expect(fleet.deadline == nil)
  }

  @Test func `finishes when every worker is done`() throws {
    var fleet = started(2)
    #expect(fleet.handle(.ended(rank: 1, .exited(0), at: .seconds(9))) == [])
    let outcome = try finished(fleet.handle(.ended(rank: 0, .exited(0), at: .seconds(10))))
    #expect(outcome.exitStatus == 0)
    #expect(outcome.firstFailure == nil)
    #expect(outcome.ends.map(\.rank) == [0, 1])
  }

  @Test func `ends the others when one fails`() {
    var fleet = started(3)
    let actions = fleet.handle(.ended(rank: 1, .killed(9), at: .seconds(5)))
    #expect(actions == [.signal(.terminate, rank: 0), .signal(.terminate, rank: 2)])
    #expect(fleet.deadline == .seconds(9))
  }

  @Test func `kills what outlives the grace`() {
    var fleet = started(3)
    _ = fleet.handle(.ended(rank: 1, .exited(70), at: .seconds(5)))
    _ = fleet.handle(.ended(rank: 2, .exited(75), at: .seconds(6)))
    #expect(fleet.handle(.timePassed(.seconds(8))) == [])
    #expect(fleet.handle(.timePassed(.seconds(9))) == [.signal(.kill, rank: 0)])
  }

  @Test func `names the first failure and not its consequences`() throws {
    var fleet = started(4)
    _ = fleet.handle(.ended(rank: 3, .killed(11), at: .seconds(5)))
    _ = fleet.handle(.ended(rank: 0, .exited(70), at: .seconds(5)))
    _ = fleet.handle(.ended(rank: 1, .killed(15), at: .seconds(6)))
    let outcome = try finished(fleet.handle(.ended(rank: 2, .exited(143), at: .seconds(6))))
    #expect(outcome.firstFailure == 3)
    #expect(outcome.exitStatus == 128 + 11)
    #expect(outcome.ends.map(\.stoppedByLauncher) == [false, true, true, false])
  }

  /// Neighbours of a killed worker can end before the kernel reports its own end.
  @Test(arguments: [
    (Ending.killed(9), 6.9, 2), (.exited(79), 5.0, 2), (.killed(9), 7.1, 1), (.exited(70), 5.1, 1),
    (.killed(15), 5.1, 1), (.exited(0), 5.1, 1),
  ])
  func `a witness gives way to the worker that it lost`(ending: Ending, moment: Double, named: Int) throws {
    var fleet = started(3)
    _ = fleet.handle(.ended(rank: 1, .exited(70), at: .seconds(5)))
    _ = fleet.handle(.ended(rank: 2, ending, at: .seconds(moment)))
    let outcome = try finished(fleet.handle(.ended(rank: 0, .killed(15), at: .seconds(8))))
    #expect(outcome.firstFailure == named)
    #expect(outcome.exitStatus == outcome.ends[named].ending.exitStatus)
  }

  @Test func `a stop request reaches every worker as SIGTERM`() throws {
    var fleet = started(2)
    let actions = fleet.handle(.stopRequested(.interrupt, at: .seconds(1)))
    #expect(actions == [.signal(.terminate, rank: 0), .signal(.terminate, rank: 1)])
    #expect(fleet.deadline == .seconds(31))
    _ = fleet.handle(.ended(rank: 0, .exited(75), at: .seconds(2)))
    let outcome = try finished(fleet.handle(.ended(rank: 1, .exited(75), at: .seconds(2))))
    #expect(outcome.exitStatus == 75)
    #expect(outcome.firstFailure == nil)
  }

  @Test func `a second stop request kills at once`() throws {
    var fleet = started(2)
    _ = fleet.handle(.stopRequested(.interrupt, at: .seconds(1)))
    let actions = fleet.handle(.stopRequested(.interrupt, at: .seconds(2)))
    #expect(actions == [.signal(.kill, rank: 0), .signal(.kill, rank: 1)])
    _ = fleet.handle(.ended(rank: 0, .killed(9), at: .seconds(2)))
    let outcome = try finished(fleet.handle(.ended(rank: 1, .killed(9), at: .seconds(2))))
    #expect(outcome.firstFailure == nil)
    #expect(outcome.exitStatus == 130)
  }

  @Test func `the first request names the end`() throws {
    var fleet = started(1)
    _ = fleet.handle(.stopRequested(.interrupt, at: .seconds(1)))
    _ = fleet.handle(.stopRequested(.terminate, at: .seconds(2)))
    let outcome = try finished(fleet.handle(.ended(rank: 0, .killed(9), at: .seconds(2))))
    #expect(outcome.stopSignal == .interrupt && outcome.exitStatus == 130)
  }

  @Test func `a failure gives a stop no more time`() {
    var fleet = started(2)
    _ = fleet.handle(.stopRequested(.terminate, at: .seconds(1)))
    _ = fleet.handle(.ended(rank: 0, .exited(74), at: .seconds(30)))
    #expect(fleet.deadline == .seconds(31))
  }

  @Test func `a failure of its own does not give way`() throws {
    var fleet = started(3)
    _ = fleet.handle(.ended(rank: 1, .killed(11), at: .seconds(5)))
    _ = fleet.handle(.ended(rank: 2, .killed(9), at: .seconds(5.1)))
    #expect(try finished(fleet.handle(.ended(rank: 0, .killed(15), at: .seconds(6)))).firstFailure == 1)
  }

  @Test func `who saves when asked was stopped by the launcher`() throws {
    var fleet = started(2)
    _ = fleet.handle(.ended(rank: 0, .exited(75), at: .seconds(1)))
    _ = fleet.handle(.stopRequested(.terminate, at: .seconds(2)))
    let outcome = try finished(fleet.handle(.ended(rank: 1, .exited(75), at: .seconds(3))))
    #expect(outcome.ends.map(\.stoppedByLauncher) == [false, true])
  }

  @Test func `workers that stop by themselves are left to finish`() throws {
    var fleet = started(2)
    #expect(fleet.handle(.ended(rank: 1, .exited(75), at: .seconds(1))) == [])
    #expect(fleet.deadline == nil)
    let outcome = try finished(fleet.handle(.ended(rank: 0, .exited(75), at: .seconds(9))))
    #expect(outcome.exitStatus == 75)
  }

  @Test func `a failure while stopping is a failure`() throws {
    var fleet = started(2)
    _ = fleet.handle(.stopRequested(.terminate, at: .seconds(1)))
    // The other worker has its SIGTERM already; it gets less time, and no second one.
    #expect(fleet.handle(.ended(rank: 0, .exited(74), at: .seconds(2))) == [])
    #expect(fleet.deadline == .seconds(6))
    let outcome = try finished(fleet.handle(.ended(rank: 1, .exited(75), at: .seconds(3))))
    #expect(outcome.exitStatus == 74)
  }

  @Test func `a short grace holds after a failure too`() {
    var fleet = started(2, grace: .seconds(1))
    _ = fleet.handle(.ended(rank: 0, .exited(70), at: .seconds(5)))
    #expect(fleet.deadline == .seconds(6))
  }

  @Test func `a worker that cannot be started stops the run`() throws {
    var fleet = started(2)
    #expect(
      fleet.handle(.ended(rank: 0, .notStarted("no thread", .badConfiguration), at: .zero)) == [
        .signal(.terminate, rank: 1)
      ])
    let outcome = try finished(fleet.handle(.ended(rank: 1, .killed(15), at: .seconds(1))))
    #expect(outcome.exitStatus == 78)
  }

  @Test func `none is launched behind one that could not be started`() throws {
    var fleet = Fleet(size: 3, grace: .seconds(30))
    _ = fleet.handle(.begun)
    _ = fleet.handle(.launched(rank: 0))
    #expect(
      fleet.handle(.ended(rank: 1, .notStarted("no thread", .badConfiguration), at: .zero)) == [
        .signal(.terminate, rank: 0)
      ])
    let outcome = try finished(fleet.handle(.ended(rank: 0, .killed(15), at: .seconds(1))))
    #expect(outcome.firstFailure == 1 && outcome.exitStatus == 78)
    #expect(outcome.ends.map(\.stoppedByLauncher) == [true, false, true])
  }

  @Test func `none is launched once somebody wants the run to end`() throws {
    var fleet = Fleet(size: 2, grace: .seconds(30))
    _ = fleet.handle(.begun)
    _ = fleet.handle(.launched(rank: 0))
    #expect(fleet.handle(.stopRequested(.terminate, at: .zero)) == [.signal(.terminate, rank: 0)])
    #expect(try finished(fleet.handle(.ended(rank: 0, .killed(15), at: .zero))).exitStatus == 143)
  }

  @Test func `a process that survives SIGKILL is given up`() throws {
    var fleet = started(2)
    _ = fleet.handle(.ended(rank: 0, .exited(70), at: .seconds(1)))
    _ = fleet.handle(.timePassed(.seconds(5)))
    #expect(fleet.handle(.timePassed(.seconds(9))) == [])
    let outcome = try finished(fleet.handle(.timePassed(.seconds(10))))
    #expect(outcome.ends[1].ending == .stuck)
    #expect(outcome.firstFailure == 0)
  }

  @Test func `a checkpoint request goes to those that run`() {
    var fleet = started(3)
    _ = fleet.handle(.ended(rank: 1, .exited(0), at: .seconds(1)))
    #expect(fleet.handle(.checkpointRequested) == [.signal(.user1, rank: 0), .signal(.user1, rank: 2)])
    #expect(fleet.deadline == nil)
  }

  @Test(
    arguments: [.exited(1), .exited(79), .killed(9), .killed(15), .notStarted("", .inputOutput)] as [Ending])
  func `passes on the code of the first failure`(_ ending: Ending) throws {
    var fleet = started(1)
    let outcome = try finished(fleet.handle(.ended(rank: 0, ending, at: .seconds(1))))
    #expect(outcome.exitStatus == ending.exitStatus)
    #expect(outcome.firstFailure == 0)
  }

  private func started(_ size: Int, grace: Duration = .seconds(30)) -> Fleet {
    var fleet = Fleet(size: size, grace: grace)
    _ = fleet.handle(.begun)
    for rank in 0..<size { _ = fleet.handle(.launched(rank: rank)) }
    return fleet
  }

  private func finished(_ actions: [Fleet.Action]) throws -> Outcome {
    guard case .finish(let outcome)? = actions.last else { throw NotFinished() }
    return outcome
  }

  private struct NotFinished: Error {}
}
