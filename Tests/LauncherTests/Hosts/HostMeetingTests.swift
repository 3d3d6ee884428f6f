import Foundation
import Glibc
import Testing

@testable import Launcher
@testable import RunControl

/// How the launchers of several hosts meet, and who is turned away.
@Suite(.serialized) struct HostMeetingTests {
  @Test func `hosts that differ are refused with a sentence, and all end`() throws {
    let port = try FreePort.find()
    let first = try LauncherRun.host(0, at: port, "true")
    let second = try LauncherRun(
      "true",
      ["--nproc", "3", "--nnodes", "2", "--node-rank", "1", "--rdzv-endpoint", "127.0.0.1:\(port)"])
    for run in [first, second] {
      #expect(try run.finish().status == 78, "\(run.errors)")
      #expect(
        run.errors.contains("would start 3 workers and host 0 2, and every host needs as many"),
        "\(run.errors)")
    }
    #expect(first.errors.contains("── host 1 cannot take part, and the run was stopped"), "\(first.errors)")
  }

  @Test func `a host that does not come is named`() throws {
    let run = try LauncherRun.host(0, of: 3, at: try FreePort.find(), "true", ["--join-timeout", "1"])
    #expect(try run.finish().status == 78)
    #expect(run.errors.contains("hosts 1, 2 did not come to 127.0.0.1:"), "\(run.errors)")
  }

  @Test func `what host 0 cannot start with, the others hear`() throws {
    let port = try FreePort.find()
    let second = try LauncherRun.host(1, at: port, "true")
    try second.waitForErrors("dialling host 0")
    let first = try LauncherRun.host(0, at: port, "true", ["--model", "no_such_model"])
    #expect(try first.finish().status == 64, "\(first.errors)")
    #expect(try second.finish().status == 64, "\(second.errors)")
    #expect(second.errors.contains("host 0 ends: "), "\(second.errors)")
  }

  /// Enough for a busy machine to turn somebody away.
  private static let patience = ["--join-timeout", "6"]
  private static let keys = ["TWINS_RDZV_KEY": String(repeating: "0f", count: 32)]

  /// One with another key, and one with none: ZeroMQ tells the one in other ways than the other.
  @Test(arguments: [["TWINS_RDZV_KEY": String(repeating: "ab", count: 32)], [:]])
  func `launchers with one key meet, and one with another stays outside`(others: [String: String]) throws {
    let port = try FreePort.find()
    let first = try LauncherRun.host(0, at: port, "echo ${TWINS_RDZV_KEY-no key}", environment: Self.keys)
    try first.waitForErrors("waiting for host 1")
    let stranger = try LauncherRun.host(1, at: port, "true", Self.patience, environment: others)
    #expect(try stranger.finish().status == 78, "\(stranger.errors)")
    #expect(
      stranger.errors.contains(
        "host 0 at 127.0.0.1:\(port) does not accept this host: give all hosts the same"),
      "\(stranger.errors)")
    let notice = "not let in: somebody at 127.0.0.1, with another key than this host's, or no launcher at all"
    try first.waitForErrors(notice)
    let second = try LauncherRun.host(1, at: port, "true", environment: Self.keys)
    for run in [first, second] { #expect(try run.finish().status == 0, "\(run.errors)") }
    #expect(first.log(rank: 0) == "no key\n")
    #expect(!first.errors.contains("without a key"))
    #expect(first.errors.split(separator: "not let in").count == 2, "\(first.errors)")
  }

  @Test func `a host that was not let in is what is likely missed`() throws {
    let port = try FreePort.find()
    let first = try LauncherRun.host(0, at: port, "true", Self.patience, environment: Self.keys)
    try first.waitForErrors("waiting for host 1")
    let stranger = try LauncherRun.host(
      1, at: port, "true", Self.patience,
      environment: ["TWINS_RDZV_KEY": String(repeating: "ab", count: 32)])
    #expect(try stranger.finish().status == 78 && first.finish().status == 78, "\(first.errors)")
    #expect(
      first.errors.contains(
        "   likely   its key: somebody at 127.0.0.1 was not let in. All hosts need the same"),
      "\(first.errors)")
  }

  @Test func `values that differ are named by their flags`() throws {
    let port = try FreePort.find()
    let first = try LauncherRun.host(0, at: port, "true", ["--batch-size", "8"])
    let second = try LauncherRun.host(1, at: port, "true", ["--batch-size", "16", "--lr", "1"])
    for run in [first, second] {
      #expect(try run.finish().status == 78, "\(run.errors)")
      #expect(run.errors.contains("than host 0 (--batch-size 16, not 8; --lr 1"), "\(run.errors)")
    }
  }

  /// Of a training the same batch could not be mixed in pairs.
  @Test func `an evaluation divides no update, and takes an odd batch`() throws {
    let port = try FreePort.find()
    let flags = ["--eval", "--batch-size", "5", "--join-timeout", "30"]
    let runs = try [0, 1].map { try LauncherRun.host($0, at: port, "true", flags) }
    for run in runs { #expect(try run.finish().status == 0, "\(run.errors)") }
  }

  @Test func `a host with a key does not meet a host 0 without one`() throws {
    let port = try FreePort.find()
    let first = try LauncherRun.host(0, at: port, "true")
    try first.waitForErrors("waiting for host 1")
    let stranger = try LauncherRun.host(1, at: port, "true", Self.patience, environment: Self.keys)
    #expect(try stranger.finish().status == 78, "\(stranger.errors)")
    try first.waitForErrors(", with another key than this host's, or no launcher at all")
    let second = try LauncherRun.host(1, at: port, "true")
    for run in [first, second] { #expect(try run.finish().status == 0, "\(run.errors)") }
  }

  @Test func `a host that cannot start ends all with its own status, and one report names it`() throws {
    let port = try FreePort.find()
    let first = try LauncherRun.host(0, of: 3, at: port, "true")
    let third = try LauncherRun.host(2, of: 3, at: port, "true")
    try first.waitForErrors("has come; waiting for host 1")
    let second = try LauncherRun.host(
      1, of: 3, at: port, "true", environment: ["TWINS_WORKER": "/no/such/program"])
    for run in [first, second, third] { #expect(try run.finish().status == 78, "\(run.errors)") }
    for run in [first, third] {
      #expect(run.errors.contains("── host 1 cannot start, and the run was stopped"), "\(run.errors)")
      #expect(
        run.errors.contains(/reason   host 1 \(.*\) cannot start: cannot run the worker program \/no\/such/),
        "\(run.errors)")
    }
    #expect(second.errors.contains("twins-launch: cannot run the worker program /no/such/program"))
  }

  @Test func `a second launcher with a number on one machine hears who has it`() throws {
    let port = try FreePort.find()
    let first = try LauncherRun.host(1, at: port, "true")
    try first.waitForErrors("dialling host 0")
    let second = try LauncherRun.host(1, at: port, "true", ["--run-dir", "\(first.folder)/out/run"])
    #expect(try second.finish().status == 78)
    #expect(
      second.errors.contains(
        /another launcher is host 1 already \(pid \d+ on .*, since .*\): likely both were told so by --node-rank/
      ),
      "\(second.errors)")
    #expect(second.errors.contains("(pid \(first.launcher) on "), "\(second.errors)")
  }

  @Test func `a host that waits says so, and for what`() throws {
    let port = try FreePort.find()
    let run = try LauncherRun.host(1, of: 3, at: port, "true")
    try run.waitForErrors("dialling host 0")
    func status() throws -> RunStatus {
      let request = ControlRequest(command: .status)
      return try #require(try ControlClient.ask(request, folder: "\(run.folder)/out/run/host-1").status)
    }
    let alone = try status()
    #expect(alone.run == "not known yet" && alone.waitsFor == "host 0 at 127.0.0.1:\(port)")
    #expect(alone.ranks.map(\.rank) == [2, 3] && alone.ranks.allSatisfy { $0.state == .waiting })
    let first = try LauncherRun.host(0, of: 3, at: port, "true", ["--run-id", "r"])
    try run.waitForErrors("run r: host 1 of 3")
    let met = try status()
    #expect(met.run == "r" && met.state == .waiting && !met.healthy, "\(met.text)")
    #expect(met.text.contains("\nthis host waits for the next start of the workers\n"), "\(met.text)")
    first.send(.terminate)
    #expect(try first.finish().status == 143 && run.finish().status == 143)
  }

  @Test func `with a name for its place host 0 says where it listens`() throws {
    let port = try FreePort.find()
    let run = try LauncherRun(
      "true",
      [
        "--nproc", "1", "--nnodes", "2", "--node-rank", "0", "--rdzv-endpoint",
        "no-such-name.invalid:\(port)",
        "--join-timeout", "1",
      ])
    #expect(try run.finish().status == 78, "\(run.errors)")
    #expect(
      run.errors.contains(
        "where no-such-name.invalid has to lead: it listens at port \(port) of all its addresses"),
      "\(run.errors)")
  }

  @Test(arguments: [
    (["--nnodes", "2"], 64), (["--nnodes", "2", "--node-rank", "0", "--rdzv-endpoint", "8.8.8.8:1"], 78),
    (["--nnodes", "2", "--node-rank", "0", "--rdzv-endpoint", "192.168.255.253:29999"], 78),
    (
      [
        "--nnodes", "2", "--node-rank", "0", "--rdzv-endpoint", "127.0.0.1:1", "--rdzv-key-file", "/no/such",
      ], 66
    ), (["--nnodes", "2", "--node-rank", "0", "--rdzv-endpoint", "0.0.0.0:29400"], 64),
    (["--node-rank", "1"], 64), (["--nnodes", "2", "--rdzv-endpoint", "a:b"], 64),
  ])
  func `what cannot meet is refused`(flags: [String], status: Int) throws {
    let run = try LauncherRun("true", ["--nproc", "1"] + flags)
    #expect(try run.finish().status == CInt(status), "\(run.errors)")
    #expect(!run.errors.contains("worker   rank 0"))
  }
}
