import Foundation
import Testing

@testable import Launcher

/// Launchers that are the first process of a container.
@Suite(.serialized, .enabled(if: Container.isPossible)) struct OrphanTests {
  /// Waits for orphans of its own to be collected.
  private static let script = """
    for orphan in $(for number in 1 2 3; do sh -c 'true >&- & echo $!'; done); do
      while [ -d /proc/$orphan ]; do sleep 0.05; done
    done
    echo collected under $PPID; exit 3
    """

  @Test(arguments: [nil, []] as [[String]?])
  func `orphans are collected, and a worker's status is its own`(program: [String]?) throws {
    let run = try LauncherRun(Self.script, ["--nproc", "1"], exec: program, under: Container.command)
    #expect(try run.finish().status == 3, "\(run.errors)")
    #expect(run.log(rank: 0) == "collected under 1\n", "\(run.errors)")
  }

  @Test func `workers are started again, and asked to save, as anywhere`() throws {
    let script = """
      test $TWINS_GENERATION = 0 && exit 70
      trap 'exit 75' TERM; kill -TERM 1; while :; do wait_for_launcher; done
      """
    let run = try LauncherRun(script, ["--nproc", "1", "--max-restarts", "1"], under: Container.command)
    #expect(try run.finish().status == 75, "\(run.errors)")
  }
}

/// Processes with numbers of their own.
private enum Container {
  /// What runs a program as the first of them.
  static let command = ["unshare", "--pid", "--fork", "--mount-proc", "--kill-child"]

  /// Whether this process may make one, as root may.
  static let isPossible: Bool = {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = command + ["true"]
    process.standardError = FileHandle.nullDevice
    guard (try? process.run()) != nil else { return false }
    process.waitUntilExit()
    return process.terminationStatus == 0
  }()
}
