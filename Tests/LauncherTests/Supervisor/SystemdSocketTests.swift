import Foundation
import Glibc
import System
import Testing
import TestSupport

@testable import Launcher
@testable import RunControl

/// A launcher as a service, with this test in systemd's place.
@Suite final class SystemdSocketTests {
  private let folder: String

  init() throws { folder = try temporaryFolder() }

  deinit { removeFolder(folder) }

  @Test(arguments: [false, true])
  func `a run is ready with its first step and ends in order`(isAbstract: Bool) throws {
    let name = isAbstract ? "@twins-test-\(folder.suffix(6))" : "\(folder)/notify"
    let systemd = try NotifySocket(name)
    let run = try LauncherRun(
      """
      env | grep -E 'NOTIFY|WATCHDOG'
      out=$(echo "$*" | sed 's/.*--output-dir \\([^ ]*\\).*/\\1/')
      echo '{"epoch": 0, "step": 1, "loss": 2.5, "images_per_second": 80.5}' >$out/cut
      mv $out/cut $out/train.jsonl
      mkfifo $out/go
      echo resumed
      read -r line <$out/go
      '\(LauncherRun.spinningProgram)' forward step &
      steps=$!
      trap 'kill $steps; exit 75' TERM
      wait_for_launcher
      """, ["--nproc", "1"],
      environment: ["NOTIFY_SOCKET": name, "WATCHDOG_USEC": "1000000", "WATCHDOG_PID": "1"])
    while try run.nextLine() != "resumed" {}
    let start = try systemd.all(for: .zero)
    #expect(!start.contains("READY=1") && !start.contains { $0.contains("step 1") }, "\(start)")
    try "go\n".write(toFile: "\(run.folder)/out/go", atomically: false, encoding: .utf8)
    let before = try systemd.read(to: "READY=1")
    #expect(!before.contains("WATCHDOG=1"))
    _ = try systemd.read(to: "STATUS=epoch 3, step 16 of 40, loss 2.5000, 80.5 images/s")
    run.send(.terminate)
    _ = try systemd.read(to: "STOPPING=1")
    #expect(
      try systemd.read(to: "STATUS=stopped early, resumable").contains { $0.hasPrefix("EXTEND_TIMEOUT") })
    #expect(try run.finish().status == 75)
    let log = try #require(run.log(rank: 0))
    #expect(!log.contains("NOTIFY") && !log.contains("WATCHDOG"), "workers must not speak to systemd")
  }

  /// A service that says STOPPING gets no signal any more: it must not, when another attempt follows.
  @Test func `an attempt that fails does not stop the service`() throws {
    let systemd = try NotifySocket("\(folder)/notify")
    let run = try LauncherRun(
      "test $TWINS_GENERATION = 0 && { test $RANK = 1 || wait_for_launcher; exit 74; }; exit 0",
      ["--nproc", "2", "--max-restarts", "1", "--eval"],
      environment: ["NOTIFY_SOCKET": "\(folder)/notify"])
    _ = try systemd.read(to: "READY=1")
    let before = try systemd.read(to: "STATUS=waiting to start again after a failure")
    #expect(!before.contains("STOPPING=1"))
    let whole = try systemd.read(to: "STATUS=done")
    #expect(whole.count { $0 == "STOPPING=1" } == 1)
    #expect(try run.finish().status == 0)
  }

  @Test func `a launcher that refuses says why`() throws {
    let systemd = try NotifySocket("\(folder)/notify")
    let run = try LauncherRun(
      "", ["--nproc", "1", "--drop-path", "7"], environment: ["NOTIFY_SOCKET": "\(folder)/notify"])
    #expect(try run.finish().status == 64)
    let first = try systemd.all(for: .zero)
    #expect(first.first == "STOPPING=1" && first.last?.contains("--drop-path") == true, "\(first)")
  }

  @Test func `the reason of a failure is told`() throws {
    let systemd = try NotifySocket("\(folder)/notify")
    let run = try LauncherRun(
      "exit 74", ["--nproc", "1"], environment: ["NOTIFY_SOCKET": "\(folder)/notify"])
    _ = try systemd.read(to: "STATUS=rank 0 failed: exit 74, reading or writing failed")
    #expect(try systemd.read(to: "ERRNO=\(EIO)").isEmpty)
    #expect(try run.finish().status == 74)
  }

  @Test func `a reason of several lines says nothing else`() throws {
    let systemd = try NotifySocket("\(folder)/notify")
    var service = SystemdService(environment: ["NOTIFY_SOCKET": "\(folder)/notify"], isTraining: false)
    service.end("one\nERRNO=7", errno: nil, succeeded: false)
    #expect(try systemd.all(for: .zero) == ["STOPPING=1", "STATUS=oneERRNO=7"])
  }

  @Test func `the watchdog is fed while lines come and no longer`() throws {
    let systemd = try NotifySocket("\(folder)/notify")
    let run = try LauncherRun(
      "trap 'exit 75' TERM; i=0; while [ $i -lt 40 ]; do echo step; sleep 0.05; i=$((i+1)); done; echo last; "
        + "wait_for_launcher",
      ["--nproc", "1", "--eval"],
      environment: ["NOTIFY_SOCKET": "\(folder)/notify", "WATCHDOG_USEC": "400000"])
    _ = try systemd.read(to: "READY=1")
    _ = try systemd.read(to: "WATCHDOG=1")
    while try run.nextLine() != "last" {}
    _ = try systemd.all(for: .zero)
    // One may be due for the last lines; then three intervals pass without one.
    let silence = try systemd.all(for: .seconds(3))
    #expect(silence.count { $0 == "WATCHDOG=1" } <= 2)
    run.send(.terminate)
    #expect(try run.finish().status == 75)
  }

  @Test(arguments: [nil, "", "relative", "/nobody/listens/here", "/" + String(repeating: "x", count: 200)])
  func `without a listener the run goes on`(name: String?) throws {
    let environment = name.map { ["NOTIFY_SOCKET": $0] } ?? [:]
    var service = SystemdService(environment: environment, isTraining: false)
    service.tell(SystemdReport.State(), at: .zero)
    service.end("done", errno: nil, succeeded: true)
    #expect(service.isHeard == (name == "/nobody/listens/here"))
  }
}

/// A socket like the one on which systemd listens.
final class NotifySocket {
  private let socket: Descriptor
  private var unread: [String] = []

  init(_ name: String) throws {
    socket = try Descriptor(
      Glibc.socket(AF_UNIX, CInt(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0), from: "socket")
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) {
      $0.copyBytes(from: name.utf8)
      if name.hasPrefix("@") { $0[0] = 0 }
    }
    let length = socklen_t(MemoryLayout<sa_family_t>.size + name.utf8.count)
    let number = socket.number
    let failed = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(number, $0, length) }
    }
    guard failed == 0 else { throw TestError("bind \(name): \(errorText(errno))") }
  }

  /// The assignments up to the first one that is `end`, without it.
  func read(to end: String) throws -> [String] {
    while true {
      if let index = unread.firstIndex(of: end) {
        defer { unread = Array(unread[(index + 1)...]) }
        return Array(unread[..<index])
      }
      guard receive(within: LauncherRun.patience) else { throw TestError("no '\(end)' after \(unread)") }
    }
  }

  /// All assignments that come within this time.
  func all(for duration: Duration) throws -> [String] {
    let end = ContinuousClock.now + duration
    while receive(within: CInt(max(.zero, end - .now) / .milliseconds(1))) {}
    defer { unread = [] }
    return unread
  }

  private func receive(within milliseconds: CInt) -> Bool {
    var entry = pollfd(fd: socket.number, events: Int16(POLLIN), revents: 0)
    guard poll(&entry, 1, milliseconds) > 0 else { return false }
    var bytes = [UInt8](repeating: 0, count: 4096)
    let count = recv(socket.number, &bytes, bytes.count, 0)
    unread += lines(String(decoding: bytes.prefix(max(0, count)), as: UTF8.self))
    return true
  }
}
