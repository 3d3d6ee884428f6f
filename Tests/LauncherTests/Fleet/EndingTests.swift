import Testing

@testable import Launcher

@Suite struct EndingTests {
  @Test func `reads the status of waitpid`() {
    #expect(Ending(waitStatus: 0) == .exited(0))
    #expect(Ending(waitStatus: 75 << 8) == .exited(75))
    #expect(Ending(waitStatus: 9) == .killed(9))
    #expect(Ending(waitStatus: 0x80 | 11) == .killed(11))
  }

  @Test func `signals have names`() {
    #expect("\(Ending.killed(9))" == "killed by SIGKILL (signal 9)")
    #expect("\(Ending.killed(42))" == "killed by signal 42 (signal 42)")
  }

  /// A fault that all ranks meet is told of by one of them, which need not be the first to end.
  @Test func `ranks that end alike at about the same time met the same fault`() {
    func end(_ rank: Int, _ ending: Ending, _ seconds: Double, stopped: Bool = false) -> WorkerEnd {
      WorkerEnd(rank: rank, ending: ending, moment: .seconds(seconds), stoppedByLauncher: stopped)
    }
    let outcome = Outcome(ends: [
      end(0, .exited(79), 1.3), end(1, .exited(79), 1), end(2, .exited(70), 1.1), end(3, .exited(79), 4),
      end(4, .exited(79), 1.2, stopped: true), end(5, .killed(9), 1),
    ])
    #expect(outcome.ranks(alike: 1) == [1, 0])
    #expect(outcome.ranks(alike: 5) == [5])
  }

  @Test func `a shell reports a signal as a code`() {
    #expect(Ending.exited(143).isEffect(of: .terminate))
    #expect(Ending.killed(15).isEffect(of: .terminate))
    #expect(!Ending.exited(75).isEffect(of: .terminate))
  }
}
