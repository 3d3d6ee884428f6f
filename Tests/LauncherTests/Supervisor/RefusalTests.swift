import Foundation
import Testing

@testable import Launcher

/// Mistakes are told once, by the launcher, before a worker starts.
@Suite struct RefusalTests {
  @Test(arguments: [["--nproc", "0"], ["--bogus"], ["--nproc", "2", "surplus"]])
  func `bad flags`(_ arguments: [String]) throws {
    let run = try LauncherRun("echo started", arguments)
    let (status, output) = try run.finish()
    #expect(status == 64)
    #expect(output.isEmpty)
    #expect(run.errors.contains("Error: "))
  }

  @Test func `no worker program`() throws {
    let run = try LauncherRun("", ["--nproc", "2"], environment: ["TWINS_WORKER": "/nowhere/twins-worker"])
    #expect(try run.finish().status == 78)
    #expect(run.errors.contains("cannot run the worker program /nowhere/twins-worker: No such file"))
  }

  @Test func `an output folder that cannot be made`() throws {
    let run = try LauncherRun("", ["--nproc", "2", "--run-dir", "/dev/null/run"])
    #expect(try run.finish().status == 74)
    #expect(run.errors.contains("cannot write to /dev/null/run: Not a directory"))
    #expect(run.leavesNoSockets)
  }

  @Test func `a program that is not one`() throws {
    let run = try LauncherRun("", ["--nproc", "2"], environment: ["TWINS_WORKER": "/etc"])
    #expect(try run.finish().status == 78)
    #expect(run.errors.contains("could not be started"))
  }

  @Test func `a second launcher in the same folder`() throws {
    let first = try LauncherRun("echo ready $RANK $$; wait_for_launcher", ["--nproc", "1", "--run-id", "r1"])
    _ = try processes(of: first, count: 1)
    let second = try LauncherRun("", ["--nproc", "1", "--run-dir", "\(first.folder)/out/run"])
    #expect(try second.finish().status == 78)
    #expect(second.errors.contains("(pid \(first.launcher), run r1, since "))
    first.send(.terminate)
    #expect(try first.finish().status == 143)
  }
}
