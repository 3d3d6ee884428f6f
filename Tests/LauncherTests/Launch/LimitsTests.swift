import Glibc
import Recipe
import enum Recipe.ExitStatus
import System
import Testing

@testable import Launcher
@testable import RunControl

@Suite struct LimitsTests {
  @Test func `more workers than threads are refused, with the bound that is tightest`() throws {
    let limits = Limits(threads: 1000, tasks: 300)
    #expect(Launch.shortage(workers: 50, under: limits) == nil)
    let shortage = try #require(Launch.shortage(workers: 64, under: limits))
    #expect(shortage.description.contains("64 workers, which take 384 threads at least"))
    #expect(shortage.description.contains("the control group may have 300 (pids.max)"))
    #expect(Launch.shortage(workers: 1_000, under: Limits()) == nil)
  }

  @Test func `a call that met a limit names it, and is not tried again`() {
    let error = LaunchError(call: "pipe2", errno: EMFILE)
    #expect(error.exitStatus == .badConfiguration)
    #expect(error.description.contains("for pipe2") && error.description.contains("(ulimit -n)"))
    #expect(LaunchError(call: "bind", errno: EADDRINUSE).exitStatus == .inputOutput)
  }

  @Test func `the status of a limit is the documented one`() {
    #expect(
      Shortage(.threads, for: "x", limits: Limits()).exitStatus == ExitStatus.badConfiguration.rawValue)
    #expect(Shortage(.memory, for: "x", limits: Limits()).exitStatus == ExitStatus.inputOutput.rawValue)
  }
}
