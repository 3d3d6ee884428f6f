import Glibc
import Testing
import WorkerLink

@testable import Launcher

@Suite struct SystemdReportTests {
  private typealias State = SystemdReport.State

  @Test func `a training is ready with its first step`() {
    var report = SystemdReport(watchdog: nil, waitsForStep: true)
    #expect(
      report.messages(State(), at: .zero) == ["EXTEND_TIMEOUT_USEC=120000000", "STATUS=starting"])
    #expect(
      report.messages(State(step: step(1)), at: .seconds(9)) == [
        "READY=1", "STATUS=epoch 0, step 1 of 9, loss 2.5000, 80.5 images/s",
      ])
    #expect(report.messages(State(step: step(1)), at: .seconds(10)) == [])
  }

  @Test func `an evaluation is ready at once`() {
    var report = SystemdReport(watchdog: nil, waitsForStep: false)
    #expect(report.messages(State(), at: .zero) == ["READY=1", "STATUS=running"])
  }

  @Test func `the start is extended only by a sign of life`() {
    var report = SystemdReport(watchdog: nil, waitsForStep: true)
    _ = report.messages(State(), at: .zero)
    #expect(report.messages(State(), at: .seconds(5)) == [])
    #expect(report.messages(State(movement: 1), at: .seconds(6)) == ["EXTEND_TIMEOUT_USEC=120000000"])
    #expect(report.messages(State(movement: 1), at: .seconds(7)) == [])
  }

  @Test func `the status is told at most once a second`() {
    var report = SystemdReport(watchdog: nil, waitsForStep: false)
    _ = report.messages(State(step: step(1)), at: .seconds(1))
    #expect(report.deadline == .seconds(2))
    #expect(report.messages(State(step: step(2)), at: .milliseconds(1999)) == [])
    let later = report.messages(State(attempt: 2, step: step(3)), at: .seconds(2))
    #expect(later == ["STATUS=attempt 2, epoch 0, step 3 of 9, loss 2.5000, 80.5 images/s"])
  }

  @Test func `the watchdog is fed at half its interval while all move`() {
    var report = SystemdReport(watchdog: .seconds(60), waitsForStep: false)
    #expect(fed(&report, movement: 0, at: 0) == false)
    #expect(fed(&report, movement: 5, at: 29) == false)
    #expect(fed(&report, movement: 5, at: 30) == true)
    // Nobody has moved since; as soon as they do, it is fed.
    #expect(fed(&report, movement: 5, at: 60) == false)
    #expect(fed(&report, movement: 5, at: 85) == false)
    #expect(fed(&report, movement: 6, at: 86) == true)
    #expect(fed(&report, movement: 7, at: 87) == false)
  }

  @Test(arguments: [1000, 400, 200])
  func `a short interval is met`(milliseconds: Int) throws {
    let interval = Duration.milliseconds(milliseconds)
    var report = SystemdReport(watchdog: interval, waitsForStep: false)
    var (now, fed, statuses, movement) = (Duration.zero, Duration.zero, 0, 0)
    while now < .seconds(3) {
      movement += 1
      let messages = report.messages(State(step: step(movement), movement: movement), at: now)
      #expect(now - fed < interval)
      if messages.contains("WATCHDOG=1") { fed = now }
      statuses += messages.count { $0.hasPrefix("STATUS=") }
      now = report.deadline
    }
    #expect(statuses == 3)
  }

  @Test func `an interval that cannot be met does not spin`() {
    var report = SystemdReport(watchdog: .microseconds(1), waitsForStep: false)
    _ = report.messages(State(movement: 1), at: .seconds(1))
    #expect(report.deadline == .milliseconds(1050))
  }

  @Test func `the watchdog is not fed before the service is ready`() {
    var report = SystemdReport(watchdog: .seconds(60), waitsForStep: true)
    let messages = report.messages(State(movement: 7), at: .seconds(100))
    #expect(!messages.contains("WATCHDOG=1"))
  }

  @Test func `while a run waits to start again it is well`() {
    var report = SystemdReport(watchdog: .seconds(60), waitsForStep: false)
    _ = report.messages(State(), at: .zero)
    let messages = report.messages(State(attempt: 1, isWaiting: true), at: .seconds(40))
    #expect(messages == ["STATUS=attempt 1, waiting to start again after a failure", "WATCHDOG=1"])
  }

  /// systemd would take "stopping" for the last word, and a wait for a start that hangs.
  @Test func `a run that waits is starting and not stopping`() {
    var report = SystemdReport(watchdog: nil, waitsForStep: true)
    for second in 0..<3 {
      let state = State(end: .seconds(9), isWaiting: true)
      let messages = report.messages(state, at: .seconds(second))
      #expect(messages.contains("EXTEND_TIMEOUT_USEC=120000000") && !messages.contains("STOPPING=1"))
    }
  }

  @Test func `stopping is told once with the time that it may take`() {
    var report = SystemdReport(watchdog: nil, waitsForStep: false)
    _ = report.messages(State(step: step(1)), at: .zero)
    let state = State(step: step(1), end: .seconds(600))
    #expect(
      report.messages(state, at: .milliseconds(100)) == ["STOPPING=1", "EXTEND_TIMEOUT_USEC=604900000"])
    #expect(report.messages(state, at: .milliseconds(200)) == [])
  }

  /// `Type=notify` takes an end without READY for a failure, even with status 0.
  @Test func `a run with nothing to do is ready in the end`() {
    var report = SystemdReport(watchdog: nil, waitsForStep: true)
    #expect(
      report.lastMessages("done", errno: nil, succeeded: true) == ["READY=1", "STOPPING=1", "STATUS=done"])
    #expect(
      report.lastMessages("failed", errno: 5, succeeded: false) == [
        "STOPPING=1", "STATUS=failed", "ERRNO=5",
      ])
  }

  @Test func `only the named process is watched`() {
    let variables = ["WATCHDOG_USEC": "2000000", "WATCHDOG_PID": "7"]
    #expect(SystemdService.watchdog(variables, process: 7) == .seconds(2))
    #expect(SystemdService.watchdog(variables, process: 8) == nil)
    #expect(SystemdService.watchdog(["WATCHDOG_USEC": "2000000"], process: 8) == .seconds(2))
    #expect(SystemdService.watchdog(["WATCHDOG_USEC": "0"], process: 8) == nil)
    #expect(SystemdService.watchdog([:], process: 8) == nil)
  }

  @Test(
    arguments: [
      (.exited(64), false, EINVAL), (.exited(66), false, ENOENT), (.exited(74), false, EIO),
      (.exited(79), false, nil), (.killed(9), true, ENOMEM), (.killed(9), false, nil),
    ] as [(Ending, Bool, CInt?)])
  func `a failure has a number where one says it`(ending: Ending, outOfMemory: Bool, expected: CInt?) {
    let end = WorkerEnd(rank: 0, ending: ending, moment: .zero, stoppedByLauncher: false)
    let outcome = Outcome(ends: [end], firstFailure: 0, stopSignal: nil)
    #expect(outcome.errno(outOfMemory: outOfMemory) == expected)
  }

  private func step(_ number: Int) -> WorkerStatus {
    var state = WorkerStatus()
    (state.epoch, state.step, state.stepsOfEpoch) = (0, number, 9)
    (state.loss, state.imagesPerSecond) = (2.5, 80.5)
    return state
  }

  private func fed(_ report: inout SystemdReport, movement: Int, at seconds: Int) -> Bool {
    report.messages(State(movement: movement), at: .seconds(seconds)).contains("WATCHDOG=1")
  }
}
