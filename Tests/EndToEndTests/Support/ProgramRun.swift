import Foundation
import Glibc
import TestSupport

/// A run of one of the built programs; what it started is gone when the value goes.
final class ProgramRun {
  /// The programs that lie beside the one that runs these tests.
  enum Program: String {
    case launcher = "twins-launch"
    case worker = "twins-worker"
  }

  /// How a run ended and what it printed.
  struct End {
    /// The exit status, or 128 + signal.
    let status: Int32
    /// The lines on stdout that nobody had read before.
    let output: [String]
    let errors: String
  }

  let place: Workplace
  private let process = Process()
  private let standardOutput = Pipe()
  private let ended = DispatchSemaphore(value: 0)
  private let errorPath: String
  private var unread = ""
  /// A variable that its workers inherit, by which they are found.
  let mark = "TWINS_TEST_RUN=\(UUID().uuidString)"

  /// How long anything may take before the test fails instead of hanging.
  static let patience = Duration.seconds(60)

  /// Starts the program with `variables` in its environment, in `directory` where one is named, and with `input` as its
  /// stdin; its stderr goes to the given device instead of where `End` shows it.
  convenience init(
    _ program: Program, _ arguments: [String], in place: Workplace, errorsTo device: String? = nil,
    variables: [String: String] = [:], directory: String? = nil, input: FileHandle = .nullDevice
  ) throws {
    try self.init(
      URL(fileURLWithPath: Self.path(of: program)), arguments, in: place, errorsTo: device,
      variables: variables, directory: directory, input: input)
  }

  /// Runs a command as a user would type it into bash, the programs in the path.
  convenience init(command: String, in place: Workplace) throws {
    let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
    try self.init(
      URL(fileURLWithPath: "/bin/bash"), ["-c", command], in: place, errorsTo: nil,
      variables: ["PATH": "\(Self.products.path):\(path)"])
  }

  private init(
    _ executable: URL, _ arguments: [String], in place: Workplace, errorsTo device: String?,
    variables: [String: String], directory: String? = nil, input: FileHandle = .nullDevice
  ) throws {
    self.place = place
    errorPath = "\(place.folder)/errors-\(UUID().uuidString)"
    _ = FileManager.default.createFile(atPath: errorPath, contents: nil)
    process.executableURL = executable
    process.arguments = arguments
    process.environment = environment.merging(variables) { $1 }
    if let directory { process.currentDirectoryURL = URL(fileURLWithPath: directory) }
    process.standardInput = input
    process.standardOutput = standardOutput
    process.standardError = FileHandle(forWritingAtPath: device ?? errorPath)
    process.terminationHandler = { [ended] _ in ended.signal() }
    try process.run()
    try standardOutput.fileHandleForWriting.close()
  }

  deinit {
    if process.isRunning { kill(identifier, SIGKILL) }
    for worker in workers.values { kill(worker, SIGKILL) }
  }

  var identifier: pid_t { process.processIdentifier }
  var isRunning: Bool { process.isRunning }

  /// Reads stdout up to the first line that starts so.
  func read(to start: String) throws { _ = try readLine(startingWith: start) }

  /// Reads stdout up to and with the first line that starts so.
  func readLine(startingWith start: String) throws -> String {
    try readLines(through: "a line '\(start)'") { $0.hasPrefix(start) }.last ?? ""
  }

  /// Reads stdout up to and with the first line that is `what`.
  func readLines(through what: String, where isLast: (String) -> Bool) throws -> [String] {
    let deadline = ContinuousClock.now + Self.patience
    var lines: [String] = []
    while true {
      // By scalars: a terminal's "\r\n" is one character.
      while let end = unread.unicodeScalars.firstIndex(of: "\n") {
        lines.append(String(unread[..<end]))
        unread = String(unread.unicodeScalars[unread.unicodeScalars.index(after: end)...])
        if isLast(lines[lines.count - 1]) { return lines }
      }
      guard try readMore(until: deadline) else { throw TestError("no \(what) in \(lines). \(errors)") }
    }
  }

  /// Waits until stderr has this text, while nobody reads stdout.
  func waitForErrors(_ text: String) throws {
    let deadline = ContinuousClock.now + Self.patience
    while !errors.contains(text) {
      guard ContinuousClock.now < deadline else { throw TestError("no '\(text)' in: \(errors)") }
      pauseBetweenLooks()
    }
  }

  /// Waits for the end, at most so long.
  func finish(within limit: Duration = patience) throws -> End {
    let deadline = ContinuousClock.now + limit
    while try readMore(until: deadline) {}
    guard ended.wait(timeout: .now() + max(0, (deadline - .now) / .seconds(1))) == .success else {
      throw TestError("still running after \(limit). \(errors)")
    }
    let status = process.terminationStatus
    return End(
      status: process.terminationReason == .exit ? status : 128 + status,
      output: unread.unicodeScalars.split(separator: "\n").map(String.init), errors: errors)
  }
}

extension ProgramRun {
  /// What it printed on stderr so far.
  var errors: String { (try? String(contentsOfFile: errorPath, encoding: .utf8)) ?? "" }

  /// Takes what it has printed, so that a run that nobody reads is not held up by a full pipe.
  func takeOutput() throws {
    while wait(for: standardOutput.fileHandleForReading.fileDescriptor, until: .now),
      try readMore(until: .now)
    {}
  }

  /// False at the end of the stream.
  private func readMore(until deadline: ContinuousClock.Instant) throws -> Bool {
    let number = standardOutput.fileHandleForReading.fileDescriptor
    guard wait(for: number, until: deadline) else {
      throw TestError("nothing more on stdout in time, after: \(unread.suffix(1000))\n\(errors)")
    }
    var bytes = [UInt8](repeating: 0, count: 1 << 16)
    let count = Glibc.read(number, &bytes, bytes.count)
    unread += String(decoding: bytes.prefix(max(0, count)), as: UTF8.self)
    return count > 0
  }

  /// Where a program lies.
  static func path(of program: Program) -> String { products.appendingPathComponent(program.rawValue).path }

  /// The library that brings the tests' cards.
  static let testCard = products.appendingPathComponent("libTestCard.so").path

  private static let products: URL = {
    let own = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
    return URL(fileURLWithPath: own ?? CommandLine.arguments[0]).deletingLastPathComponent()
  }()

  /// One thread a worker everywhere, so that it computes alike with and without a launcher.
  private var environment: [String: String] {
    let inherited = ProcessInfo.processInfo.environment.filter {
      ["PATH", "LD_LIBRARY_PATH"].contains($0.key)
    }
    let parts = mark.split(separator: "=").map(String.init)
    return inherited.merging([
      "TMPDIR": place.temporary, "OMP_NUM_THREADS": "1", "LC_ALL": "C.UTF-8", parts[0]: parts[1],
    ]) { $1 }
  }
}

/// Waits until a descriptor is readable or at its end; false when the deadline comes first.
func wait(for descriptor: Int32, until deadline: ContinuousClock.Instant) -> Bool {
  while true {
    let rest = max(.zero, deadline - .now) / .milliseconds(1)
    var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    let count = poll(&entry, 1, Int32(rest.rounded(.up)))
    if count >= 0 || errno != EINTR { return count > 0 }
  }
}
