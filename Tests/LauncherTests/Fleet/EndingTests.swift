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

  @Test func `a shell reports a signal as a code`() {
    #expect(Ending.exited(143).isEffect(of: .terminate))
    #expect(Ending.killed(15).isEffect(of: .terminate))
    #expect(!Ending.exited(75).isEffect(of: .terminate))
  }
}
