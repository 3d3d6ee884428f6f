import Foundation
import Glibc
import System
import TestSupport
import Testing

@testable import Launcher
@testable import RunControl

/// A run of the built `twins-launch`, with a shell script in the place of the worker program.
///
/// In the script, `wait_for_launcher` blocks until the launcher ends or a signal comes; the shell's own `wait` does
/// not miss a signal that comes just before. A worker is gone when it and all that it started have ended.
final class LauncherRun {
  let folder: String
  private let process = Process()
  private let standardOutput = Foundation.Pipe()
  private let presence: Descriptor
  private var unread = ""

  /// How long anything may take before the test fails instead of hanging.
  static let patience: CInt = 30_000

  /// - Parameters:
  ///   - program: The arguments with which `--exec` runs the script; nil where it stands in for our own worker.
  ///   - wrapper: A command that runs the launcher, as `nohup` does.
  init(
    _ script: String, _ arguments: [String], exec program: [String]? = nil,
    environment: [String: String] = [:], under wrapper: [String] = []
  ) throws {
    folder = try Self.makeFolder()
    mkfifo("\(folder)/presence", 0o600)
    presence = try Descriptor(open("\(folder)/presence", O_RDONLY | O_NONBLOCK | O_CLOEXEC), from: "open")
    let worker = "\(folder)/worker"
    let preamble = "#!/bin/sh\nexec 9>'\(folder)/presence'\nwait_for_launcher() { cat <&3 & wait $!; }\n"
    try (preamble + script + "\n").write(toFile: "\(folder)/script", atomically: true, encoding: .utf8)

    // Unless a test is about starting again, a failure ends the run.
    let restarts = arguments.contains("--max-restarts") ? [] : ["--max-restarts", "0"]
    let rest =
      program.map { ["--run-dir", "\(folder)/out/run", "--exec", worker] + $0 }
      ?? ["--data_path", "d", "--output_dir", "\(folder)/out"]
    let command = [Self.program] + arguments + restarts + rest
    // Another process makes the worker: a child of ours, started just then, would hold the file open for writing, and
    // the kernel runs no such file.
    let makeWorker = "cp '\(folder)/script' '\(worker)' && chmod 755 '\(worker)' && exec \"$@\""
    process.executableURL = URL(fileURLWithPath: "/bin/sh")
    process.arguments = ["-c", makeWorker, "sh"] + wrapper + command
    var outer = ["PATH": "/usr/bin:/bin", "TMPDIR": "\(folder)/r", "LC_ALL": "C.UTF-8"]
    if program == nil { outer["TWINS_WORKER"] = worker }
    process.environment = outer.merging(environment) { $1 }
    process.standardOutput = standardOutput
    makeFile("\(folder)/stderr")
    process.standardError = FileHandle(forWritingAtPath: "\(folder)/stderr")
    process.standardInput = FileHandle.nullDevice
    try process.run()
    try standardOutput.fileHandleForWriting.close()
  }

  deinit {
    if process.isRunning { kill(process.processIdentifier, SIGKILL) }
    process.waitUntilExit()
    try? FileManager.default.removeItem(atPath: folder)
  }

  /// What it printed on stderr so far.
  var errors: String {
    (try? String(contentsOfFile: "\(folder)/stderr", encoding: .utf8)) ?? ""
  }

  /// Waits until stderr has this text.
  func waitForErrors(_ text: String) throws {
    let deadline = ContinuousClock.now + .milliseconds(Int(Self.patience))
    while !errors.contains(text) {
      guard ContinuousClock.now < deadline else { throw TestError("no '\(text)' in: \(errors)") }
      pauseBetweenLooks()
    }
  }

  var launcher: pid_t { process.processIdentifier }

  func log(rank: Int, attempt: Int = 0, host: Int = 0) -> String? {
    let own = host == 0 ? "run" : "run/host-\(host)"
    let path = "\(folder)/out/\(own)/logs/attempt-\(attempt)/rank-\(rank).log"
    return try? String(contentsOfFile: path, encoding: .utf8)
  }

  func send(_ signal: Signal) {
    kill(launcher, signal.number)
  }

  /// Goes away as the reader of stdout.
  func stopReading() { try? standardOutput.fileHandleForReading.close() }

  /// The next line of stdout.
  func nextLine() throws -> String {
    while true {
      if let end = unread.firstIndex(of: "\n") {
        defer { unread = String(unread[unread.index(after: end)...]) }
        return String(unread[..<end])
      }
      guard let more = try readMore() else { throw TestError("stdout ended after: \(unread)\n\(errors)") }
      unread += more
    }
  }

  /// Waits for the launcher's end and gives its exit status, 128 + signal where one killed it, and the rest of stdout.
  func finish() throws -> (status: CInt, output: String) {
    while let more = try readMore() { unread += more }
    return (waitForEnd(), unread)
  }

  func waitForEnd() -> CInt {
    process.waitUntilExit()
    return process.terminationReason == .exit ? process.terminationStatus : 128 + process.terminationStatus
  }

  /// Waits until no process of any worker is left.
  func waitUntilWorkersAreGone() throws {
    var entry = pollfd(fd: presence.number, events: 0, revents: 0)
    guard poll(&entry, 1, Self.patience) > 0, entry.revents & Int16(POLLHUP) != 0 else {
      throw TestError("a process of a worker is still there")
    }
  }

  /// Whether the sockets' folder was taken away.
  var leavesNoSockets: Bool {
    (try? FileManager.default.contentsOfDirectory(atPath: "\(folder)/r")) == []
  }
}

extension LauncherRun {
  private func readMore() throws -> String? {
    let number = standardOutput.fileHandleForReading.fileDescriptor
    var entry = pollfd(fd: number, events: Int16(POLLIN), revents: 0)
    guard poll(&entry, 1, Self.patience) > 0 else { throw TestError("no more output\n\(errors)") }
    var bytes = [UInt8](repeating: 0, count: 1 << 16)
    let count = read(number, &bytes, bytes.count)
    return count > 0 ? String(decoding: bytes[..<count], as: UTF8.self) : nil
  }

  /// The launcher lies beside the program that runs these tests.
  static var program: String {
    let own = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
    let products = URL(fileURLWithPath: own ?? CommandLine.arguments[0]).deletingLastPathComponent()
    return products.appendingPathComponent("twins-launch").path
  }

  /// A worker that tells the board what it is told to.
  static var spinningProgram: String {
    (program as NSString).deletingLastPathComponent + "/spinning-worker"
  }

  private static func makeFolder() throws -> String {
    let folder = try temporaryFolder()
    try FileManager.default.createDirectory(atPath: "\(folder)/r", withIntermediateDirectories: true)
    return folder
  }
}

struct TestError: Error, CustomStringConvertible {
  let description: String

  init(_ description: String) {
    self.description = description
  }
}

/// An empty file.
func makeFile(_ path: String) {
  #expect(FileManager.default.createFile(atPath: path, contents: nil))
}
