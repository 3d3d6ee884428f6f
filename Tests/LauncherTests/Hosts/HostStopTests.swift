import Foundation
import Glibc
import Testing

@testable import Launcher

/// Requests to stop a run of several hosts, whatever it is at.
@Suite(.serialized) struct HostStopTests {
  @Test(arguments: [0, 1]) func `a signal to any host stops all`(number: Int) throws {
    let port = try FreePort.find()
    let script = "trap 'exit 75' TERM; echo here; wait_for_launcher"
    let runs = try (0..<2).map { try LauncherRun.host($0, at: port, script) }
    for run in runs { for _ in 0..<2 { #expect(try run.nextLine().hasSuffix("here")) } }
    runs[number].send(.terminate)
    for run in runs { #expect(try run.finish().status == 75, "\(run.errors)") }
  }

  /// As a scheduler does it.
  @Test func `a signal to every host at once is no second one`() throws {
    let port = try FreePort.find()
    let script = "trap 'sleep 0.3; exit 75' TERM; echo here; wait_for_launcher"
    let runs = try (0..<2).map { try LauncherRun.host($0, at: port, script) }
    for run in runs { for _ in 0..<2 { #expect(try run.nextLine().hasSuffix("here")) } }
    for run in runs { run.send(.terminate) }
    for run in runs { #expect(try run.finish().status == 75, "\(run.errors)") }
  }

  @Test func `a second signal to the same host ends all at once`() throws {
    let port = try FreePort.find()
    let runs = try (0..<2).map {
      try LauncherRun.host($0, at: port, "trap '' TERM; echo here; wait_for_launcher")
    }
    for run in runs { for _ in 0..<2 { #expect(try run.nextLine().hasSuffix("here")) } }
    runs[1].send(.terminate)
    try runs[0].waitForErrors("SIGTERM on host 1: asking the workers to stop")
    runs[1].send(.terminate)
    for run in runs { #expect(try run.finish().status == 143, "\(run.errors)") }
  }

  private static let saving = "mkdir -p ${0%/*}/out/checkpoints/epoch-0000; echo here; "

  /// Between two attempts, on either host; nobody has to wait for workers then.
  @Test(arguments: [0, 1]) func `a signal between two attempts stops all early`(number: Int) throws {
    let port = try FreePort.find()
    let script = "\(Self.saving) test $RANK = 3 && kill -9 $$; wait_for_launcher"
    let runs = try (0..<2).map { try LauncherRun.host($0, at: port, script, ["--max-restarts", "5"]) }
    try runs[number].waitForErrors("starting again in")
    runs[number].send(.terminate)
    for run in runs {
      #expect(try run.finish().status == 75, "\(run.errors)")
      #expect(run.errors.contains(/stopped early after .*; the same command with --resume auto goes on/))
    }
  }

  @Test func `a signal while a lost host is waited for stops early, and at once`() throws {
    let port = try FreePort.find()
    let runs = try (0..<3).map {
      try LauncherRun.host($0, of: 3, at: port, "\(Self.saving) wait_for_launcher", ["--max-restarts", "5"])
    }
    for run in runs { for _ in 0..<2 { #expect(try run.nextLine().hasSuffix("here")) } }
    runs[2].send(.kill)
    try runs[0].waitForErrors("waiting for host 2 at")
    let moment = ContinuousClock.now
    runs[1].send(.terminate)
    for run in runs[..<2] { #expect(try run.finish().status == 75, "\(run.errors)") }
    #expect(runs[0].errors.contains("SIGTERM on host 1: not starting the workers again"), "\(runs[0].errors)")
    #expect(moment.duration(to: .now) < .seconds(8), "it waits for nobody who is not there")
  }

  @Test func `a signal to a host that has lost host 0 stops it early where something is saved`() throws {
    let port = try FreePort.find()
    let runs = try (0..<2).map { try LauncherRun.host($0, at: port, "\(Self.saving) wait_for_launcher") }
    for run in runs { for _ in 0..<2 { #expect(try run.nextLine().hasSuffix("here")) } }
    runs[0].send(.kill)
    try runs[1].waitForErrors("and it is dialled again")
    runs[1].send(.terminate)
    #expect(try runs[1].finish().status == 75, "\(runs[1].errors)")
    #expect(runs[1].errors.contains("--resume auto goes on"), "\(runs[1].errors)")
  }

  @Test func `a signal while others are waited for says that no worker runs yet`() throws {
    let run = try LauncherRun.host(0, at: try FreePort.find(), "true")
    try run.waitForErrors("waiting for host 1")
    run.send(.terminate)
    #expect(try run.finish().status == 143, "\(run.errors)")
    #expect(run.errors.contains("SIGTERM: ending before a worker is started"), "\(run.errors)")
  }
}
