import Foundation
import Testing

extension EndToEnd {
  /// What signals do to one worker.
  @Suite struct WorkerSignalTests {
    let place: Workplace

    init() throws { place = try Workplace() }

    /// Swift's runtime takes these for faults, and would print a backtrace and go on.
    @Test(arguments: [SIGQUIT, SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL])
    func `a signal that kills kills a worker`(_ signal: Int32) throws {
      let run = try work()
      run.send(signal)
      let end = try run.finish()
      #expect(end.status == 128 + signal)
      // Nothing of a backtrace; a note on a start that learns little may stand there.
      #expect(!end.errors.contains("crash") && !end.errors.contains("acktrac"), "\(end.errors)")
    }

    @Test func `a hang-up has a worker save and end, as the wish to end does`() throws {
      let run = try work()
      run.send(SIGHUP)
      let end = try run.finish()
      #expect(end.status == Status.stoppedEarly)
      #expect(end.errors.contains(" goes on: "), "\(end.errors)")
    }

    @Test func `a hang-up of one worker under a launcher stops all of them, and nothing is lost`() throws {
      let run = try ProgramRun(
        .launcher, ["--nproc", "2"] + place.training("out", "--epochs", "100000"), in: place)
      try run.read(to: "Epoch: [1]")
      kill(try #require(run.workers[1]), SIGHUP)
      let end = try run.finish()
      #expect(end.status == Status.stoppedEarly, "\(end.errors)")
    }

    /// One worker in the middle of a long training.
    private func work() throws -> ProgramRun {
      let run = try ProgramRun(.worker, place.training("out", "--epochs", "100000"), in: place)
      try run.read(to: "Epoch: [1]")
      return run
    }
  }
}
