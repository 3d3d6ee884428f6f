import enum Recipe.ExitStatus
import Testing
import WorkerLink

@testable import Launcher

@Suite struct RestartsTests {
  @Test func `the delay doubles up to a minute`() {
    var restarts = Restarts(.init(count: 9))
    let delays = (1...9).map { restarts.verdict(after: .killed(9), progress: at($0), at: .seconds($0)) }
    let expected = [1, 2, 4, 8, 16, 32, 60, 60, 60].enumerated().map {
      Restarts.Verdict.restart(after: .seconds($1), number: $0 + 1)
    }
    #expect(delays == expected)
  }

  @Test(arguments: [(0.0, 1.0), (0.25, 1.25), (1.0, 2.0)])
  func `chance stretches the delay`(chance: Double, seconds: Double) {
    var restarts = Restarts(.init(count: 3))
    let verdict = restarts.verdict(after: .exited(70), progress: at(1), at: .zero, chance: chance)
    #expect(verdict == .restart(after: .seconds(seconds), number: 1))
  }

  @Test func `the budget is used up within its window and comes back`() {
    var restarts = Restarts(.init(count: 2, window: .seconds(100)))
    #expect(number(&restarts, step: 1, at: 0) == 1)
    #expect(number(&restarts, step: 2, at: 10) == 2)
    #expect(number(&restarts, step: 3, at: 20) == nil)
    // The first start is at 1 s, the second at 12 s: what counts is when they were, not what led to them.
    #expect(number(&restarts, step: 4, at: 100) == nil)
    #expect(number(&restarts, step: 5, at: 101) == 2)
    #expect(number(&restarts, step: 6, at: 300) == 1)
  }

  @Test(
    arguments: [
      .exited(64), .exited(65), .exited(66), .exited(69), .exited(78), .exited(79),
      .notStarted("", .badConfiguration),
      .notStarted("", .inputOutput), .stuck,
    ] as [Ending])
  func `what another start will not mend ends the run`(_ ending: Ending) {
    var restarts = Restarts(.init(count: 3))
    let verdict = restarts.verdict(after: ending, progress: at(1), at: .zero)
    #expect(verdict == .stop("another start would not mend this"))
  }

  @Test(
    arguments: [
      .exited(1), .exited(70), .exited(74), .killed(9), .killed(11), .killed(15),
      .hung(Hang(RankView(rank: 0, state: WorkerStatus(), updates: 1, isStopped: false), at: 0)),
    ] as [Ending])
  func whatMayPassDoesNot(_ ending: Ending) {
    var restarts = Restarts(.init(count: 3))
    #expect(
      restarts.verdict(after: ending, progress: nil, at: .zero) == .restart(after: .seconds(1), number: 1))
  }

  @Test func `a disk that stayed full for as long as a worker waited ends the run`() {
    var restarts = Restarts(.init(count: 3))
    let verdict = restarts.verdict(after: .exited(74), progress: at(9), lacksRoom: true, at: .zero)
    #expect(verdict == .stop("another attempt would do the same again, and find the disk as full"))
    #expect(Restarts.Budget.none == .init(count: 0))
    var none = Restarts(.none)
    #expect(none.verdict(after: .exited(74), progress: at(9), lacksRoom: true, at: .zero) == .stop(nil))
  }

  @Test(arguments: [(7, "at step 7"), (nil, "before the first step")] as [(Int?, String)])
  func `the same failure at the same place ends the run`(step: Int?, place: String) {
    var restarts = Restarts(.init(count: 3))
    _ = restarts.verdict(after: .killed(11), progress: step.map(at), at: .zero)
    let verdict = restarts.verdict(after: .killed(11), progress: step.map(at), at: .seconds(9))
    #expect(verdict == .stop("it failed in the same way \(place) twice"))
  }

  @Test func `another failure or another place does not`() {
    var restarts = Restarts(.init(count: 9))
    _ = restarts.verdict(after: .killed(11), progress: at(7), at: .zero)
    #expect(isRestart(restarts.verdict(after: .killed(9), progress: at(7), at: .seconds(1))))
    #expect(isRestart(restarts.verdict(after: .killed(9), progress: at(8), at: .seconds(2))))
  }

  @Test func `three attempts that gain no step end the run`() {
    var restarts = Restarts(.init(count: 9))
    #expect(isRestart(restarts.verdict(after: .killed(9), progress: at(50), at: .zero)))
    #expect(isRestart(restarts.verdict(after: .killed(9), progress: at(44), at: .seconds(1))))
    #expect(isRestart(restarts.verdict(after: .killed(9), progress: at(50), at: .seconds(2))))
    let verdict = restarts.verdict(after: .killed(9), progress: nil, at: .seconds(3))
    #expect(verdict == .stop("3 attempts in a row got no further"))
  }

  @Test func `a step gained starts the count anew`() {
    var restarts = Restarts(.init(count: 9))
    let steps = [50, 44, 45, 51, 46, 47]
    for (moment, step) in steps.enumerated() {
      #expect(isRestart(restarts.verdict(after: .killed(9), progress: at(step), at: .seconds(moment))))
    }
  }

  @Test func `what counts is the furthest step of all`() {
    var restarts = Restarts(.init(count: 9))
    for (moment, step) in [10, 20, 15, 16].enumerated() {
      #expect(isRestart(restarts.verdict(after: .killed(9), progress: at(step), at: .seconds(moment))))
    }
    #expect(!isRestart(restarts.verdict(after: .killed(9), progress: at(17), at: .seconds(9))))
  }

  /// Its statuses mean what it wants, and of its steps nothing is known.
  @Test func `a program of the user's is started again whatever it ended with`() {
    var restarts = Restarts(.init(count: 5, judgesFailures: false))
    let endings: [Ending] = [.exited(65), .exited(1), .exited(1), .killed(9), .killed(9)]
    for (number, ending) in endings.enumerated() {
      let verdict = restarts.verdict(after: ending, progress: nil, at: .seconds(number))
      #expect(verdict == .restart(after: .seconds(1 << number), number: number + 1))
    }
    var refused = Restarts(.init(count: 5, judgesFailures: false))
    #expect(
      refused.verdict(after: .notStarted("", .badConfiguration), progress: nil, at: .zero)
        == .stop("another start would not mend this"))
  }

  /// The first attempt had all that this one was refused.
  @Test(arguments: [ExitStatus.inputOutput, .badConfiguration])
  func `what a later attempt is refused is waited for, though it is twice the same`(status: ExitStatus) {
    var restarts = Restarts(.init(count: 9))
    _ = restarts.verdict(after: .killed(9), progress: at(50), at: .zero)
    let refused = Ending.notStarted("no room in /tmp", status)
    for attempt in 1...2 {
      #expect(isRestart(restarts.verdict(after: refused, in: attempt, progress: nil, at: .seconds(attempt))))
    }
    let verdict = restarts.verdict(after: refused, in: 3, progress: nil, at: .seconds(3))
    #expect(verdict == .stop("3 attempts in a row got no further"))
    #expect(refused.exitStatus == status.rawValue)
    var defect = Restarts(.init(count: 9))
    #expect(!isRestart(defect.verdict(after: .notStarted("", .software), in: 1, progress: nil, at: .zero)))
  }

  @Test func `without a budget nothing is said`() {
    var restarts = Restarts(.none)
    #expect(restarts.verdict(after: .killed(9), progress: nil, at: .zero) == .stop(nil))
  }

  private func at(_ step: Int) -> Progress { Progress(epoch: step / 10, step: step) }

  private func isRestart(_ verdict: Restarts.Verdict) -> Bool {
    if case .restart = verdict { return true }
    return false
  }

  private func number(_ restarts: inout Restarts, step: Int, at seconds: Int) -> Int? {
    let verdict = restarts.verdict(after: .killed(9), progress: at(step), at: .seconds(seconds))
    if case .restart(_, let number) = verdict { return number }
    return nil
  }
}
