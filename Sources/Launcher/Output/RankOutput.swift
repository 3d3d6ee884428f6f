import Glibc
import RunControl
import System

/// Where the lines of one rank go: to the console, to its log file, and into its tail.
final class RankOutput {
  private(set) var tail = Tail()
  /// How many lines came on stdout.
  private(set) var outputLines = 0

  /// Keeps the lines to the log, where there is one: stacks are for files.
  var isQuiet = false

  private let rank: Int
  private let hasLog: Bool
  private let prefix: [UInt8]
  private var log: RankLog?
  private var output = LineSplitter()
  private var errors = LineSplitter()
  private var openStreams = Set(WorkerStream.allCases)

  /// Output that is also kept in a file, where a path is given.
  init(rank: Int, logPath: String?) throws(LaunchError) {
    self.rank = rank
    hasLog = logPath != nil
    if let logPath { log = try RankLog(path: logPath) }
    prefix = Array("[rank \(rank)] ".utf8)
  }

  /// Takes in what one read of the worker's pipe gave.
  func receive(_ bytes: UnsafeRawBufferPointer, from stream: WorkerStream, into console: inout Console) {
    switch stream {
    case .output: output.append(bytes) { pass($0, from: stream, to: &console) }
    case .errors: errors.append(bytes) { pass($0, from: stream, to: &console) }
    }
    saveLog(console: &console)
  }

  /// Completes the last line of a stream that has ended.
  func finish(_ stream: WorkerStream, into console: inout Console) {
    switch stream {
    case .output: output.finish { pass($0, from: stream, to: &console) }
    case .errors: errors.finish { pass($0, from: stream, to: &console) }
    }
    saveLog(console: &console)
    // A stream may be said to have ended more than once.
    guard openStreams.remove(stream) != nil, openStreams.isEmpty, let loss = log?.end() else { return }
    console.print(loss)
  }

  /// Adds a line of the launcher's own to the log.
  func note(_ text: String, console: inout Console) {
    var line = "twins-launch: \(text)\n"
    line.withUTF8 { log?.append(UnsafeRawBufferPointer($0)) }
    saveLog(console: &console)
  }

  /// Reads once from the pipe of a stream, and closes it at its end.
  func read(_ stream: WorkerStream, of worker: WorkerProcess, into console: inout Console) {
    if readOnce(stream, of: worker, into: &console) == .end { close(stream, of: worker, into: &console) }
  }

  /// Reads what a worker that has ended left in its pipes, and closes them.
  ///
  /// At most one full pipe is read of each: a process that escaped from the group may go on writing.
  func readRest(of worker: WorkerProcess, into console: inout Console) {
    for stream in WorkerStream.allCases {
      for _ in 0..<Self.readsOfFullPipe
      where readOnce(stream, of: worker, into: &console) != .some { break }
      close(stream, of: worker, into: &console)
    }
  }

  private enum ReadResult { case some, nothing, end }

  private static let readSize = 64 * 1024
  /// A pipe holds 1 MiB at most, by the kernel's default.
  private static let readsOfFullPipe = 16

  private func readOnce(
    _ stream: WorkerStream, of worker: WorkerProcess, into console: inout Console
  ) -> ReadResult {
    guard let pipe = worker.pipe(of: stream) else { return .end }
    return withUnsafeTemporaryAllocation(byteCount: Self.readSize, alignment: 1) { buffer in
      let count = Glibc.read(pipe, buffer.baseAddress, buffer.count)
      guard count > 0 else { return count == 0 ? .end : .nothing }
      receive(UnsafeRawBufferPointer(rebasing: buffer[..<count]), from: stream, into: &console)
      return .some
    }
  }

  private func close(_ stream: WorkerStream, of worker: WorkerProcess, into console: inout Console) {
    finish(stream, into: &console)
    worker.closePipe(of: stream)
  }

  private func pass(_ line: UnsafeRawBufferPointer, from stream: WorkerStream, to console: inout Console) {
    if stream == .output { outputLines += 1 }
    guard isQuiet, stream == .errors, let readable = readableStackLine(line) else {
      return keep(line, from: stream, to: &console)
    }
    readable.withUnsafeBytes { keep($0, from: stream, to: &console) }
  }

  private func keep(_ line: UnsafeRawBufferPointer, from stream: WorkerStream, to console: inout Console) {
    log?.append(line)
    if isQuiet && hasLog { return }
    console.pass(line, from: stream, rank: rank, prefix: prefix)
    tail.append(line)
  }

  private func saveLog(console: inout Console) {
    if let trouble = log?.save() { console.print(trouble) }
  }
}

/// Cuts a stream of bytes into whole lines, whatever the pieces in which the bytes arrive.
struct LineSplitter: Sendable {
  /// A line longer than this is broken, so that a stream without newlines cannot fill the memory.
  static let longestLine = 64 * 1024

  private var unfinished: [UInt8] = []

  /// Takes in the next bytes and calls `body` with each line that they complete, newline included.
  mutating func append(_ bytes: UnsafeRawBufferPointer, _ body: (UnsafeRawBufferPointer) -> Void) {
    var start = 0
    while let end = bytes.offset(pastNewlineFrom: start) {
      emit(UnsafeRawBufferPointer(rebasing: bytes[start..<end]), body)
      start = end
    }
    unfinished.append(contentsOf: bytes[start...])
    if unfinished.count >= Self.longestLine { finish(body) }
  }

  /// Completes the last line, where the stream ended or ran on without a newline.
  mutating func finish(_ body: (UnsafeRawBufferPointer) -> Void) {
    guard !unfinished.isEmpty else { return }
    unfinished.append(newline)
    unfinished.withUnsafeBytes(body)
    unfinished.removeAll(keepingCapacity: true)
  }

  private mutating func emit(_ ending: UnsafeRawBufferPointer, _ body: (UnsafeRawBufferPointer) -> Void) {
    guard !unfinished.isEmpty else { return body(ending) }
    unfinished.append(contentsOf: ending)
    unfinished.withUnsafeBytes(body)
    unfinished.removeAll(keepingCapacity: true)
  }
}

extension UnsafeRawBufferPointer {
  /// The offset just behind the first newline at or after `start`, if there is one.
  func offset(pastNewlineFrom start: Int) -> Int? {
    guard let baseAddress, start < count else { return nil }
    guard let found = memchr(baseAddress + start, CInt(newline), count - start) else { return nil }
    return UnsafeRawPointer(found) - baseAddress + 1
  }
}

/// The last lines of a stream.
struct Tail: Sendable {
  private var lines: [[UInt8]] = []
  private var next = 0
  let capacity: Int

  init(capacity: Int = 20) {
    self.capacity = capacity
  }

  /// Takes in a line, and forgets the oldest one when full.
  mutating func append(_ line: UnsafeRawBufferPointer) {
    guard lines.count == capacity else { return lines.append(Array(line)) }
    // The old line's storage is used again: a flood of lines allocates nothing.
    lines[next].removeAll(keepingCapacity: true)
    lines[next].append(contentsOf: line)
    next = (next + 1) % capacity
  }

  /// The lines as text that is safe to show, oldest first, without their newlines.
  var text: [String] { (lines[next...] + lines[..<next]).map(Self.shown) }

  /// Bytes of a line that are shown: some screens' lines, and what a message to another host has room for twenty times.
  private static let longestLine = 2000

  /// What a terminal would leave to be seen of a line that a bar of progress writes over again and again.
  private static func shown(_ line: [UInt8]) -> String {
    let last = line.filter { $0 != newline }.split(separator: UInt8(ascii: "\r")).last ?? []
    let text = last.prefix(longestLine).split(separator: UInt8(ascii: "\t"), omittingEmptySubsequences: false)
      .map { masked($0) }.joined(separator: "\t")
    return last.count > longestLine ? text + "…" : text
  }
}
