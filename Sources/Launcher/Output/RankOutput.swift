import Glibc
import RunControl
import System

/// Passes the lines of one rank to the console, to its log file, and into the tail kept for reports.
final class RankOutput {
  private(set) var tail = Tail()
  /// How many lines came on stdout.
  private(set) var outputLines = 0

  /// Whether lines go only to the log, where there is one, as while stacks are printed.
  var isQuiet = false

  private let rank: Int
  private let hasLog: Bool
  private let prefix: [UInt8]
  private var log: RankLog?
  private var output = LineSplitter()
  private var errors = LineSplitter()
  private var openStreams = Set(WorkerStream.allCases)

  /// Passes lines on, and also writes them to the file at `logPath` where one is given.
  init(rank: Int, logPath: String?) throws(LaunchError) {
    self.rank = rank
    hasLog = logPath != nil
    if let logPath { log = try RankLog(path: logPath) }
    prefix = Array("[rank \(rank)] ".utf8)
  }

  /// Takes in the bytes of one read from the worker's pipe.
  func receive(_ bytes: UnsafeRawBufferPointer, from stream: WorkerStream, into console: inout Console) {
    switch stream {
    case .output: output.append(bytes) { pass($0, from: stream, to: &console) }
    case .errors: errors.append(bytes) { pass($0, from: stream, to: &console) }
    }
    saveLog(console: &console)
  }

  /// Passes on the unfinished last line of a stream that has ended.
  func finish(_ stream: WorkerStream, into console: inout Console) {
    switch stream {
    case .output: output.finish { pass($0, from: stream, to: &console) }
    case .errors: errors.finish { pass($0, from: stream, to: &console) }
    }
    saveLog(console: &console)
    // The end of a stream may be reported more than once.
    guard openStreams.remove(stream) != nil, openStreams.isEmpty, let loss = log?.end() else { return }
    console.print(loss)
  }

  /// Adds a line of the launcher's own to the log.
  func note(_ text: String, console: inout Console) {
    var line = "twins-launch: \(text)\n"
    line.withUTF8 { log?.append(UnsafeRawBufferPointer($0)) }
    saveLog(console: &console)
  }

  /// Reads once from a stream's pipe, and closes the pipe at its end.
  func read(_ stream: WorkerStream, of worker: WorkerProcess, into console: inout Console) {
    if readOnce(stream, of: worker, into: &console) == .end { close(stream, of: worker, into: &console) }
  }

  /// Reads what an ended worker left in its pipes, and closes them.
  ///
  /// Reads at most one full pipe each: a process that left the worker's process group may still be writing.
  func readRest(of worker: WorkerProcess, into console: inout Console) {
    for stream in WorkerStream.allCases {
      for _ in 0..<Self.readsOfFullPipe
      where readOnce(stream, of: worker, into: &console) != .some { break }
      close(stream, of: worker, into: &console)
    }
  }

  private enum ReadResult { case some, nothing, end }

  private static let readSize = 64 * 1024
  /// Enough reads for a pipe of 1 MiB, the largest by the kernel's default.
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

/// Cuts a stream of bytes into lines, however the bytes are split into reads.
struct LineSplitter: Sendable {
  /// A line longer than this is broken, so that a stream without newlines cannot fill the memory.
  static let longestLine = 64 * 1024

  private var unfinished: [UInt8] = []

  /// Takes in the next bytes and calls `body` with each line completed by them, newline included.
  mutating func append(_ bytes: UnsafeRawBufferPointer, _ body: (UnsafeRawBufferPointer) -> Void) {
    var start = 0
    while let end = bytes.offset(pastNewlineFrom: start) {
      emit(UnsafeRawBufferPointer(rebasing: bytes[start..<end]), body)
      start = end
    }
    unfinished.append(contentsOf: bytes[start...])
    if unfinished.count >= Self.longestLine { finish(body) }
  }

  /// Passes on an unfinished last line, at the end of the stream or when a line is too long.
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
  /// Returns the offset after the first newline at or after `start`; nil where there is none.
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

  /// Adds a line, in place of the oldest one when full.
  mutating func append(_ line: UnsafeRawBufferPointer) {
    guard lines.count == capacity else { return lines.append(Array(line)) }
    // Reusing the old line's storage means that a flood of lines allocates nothing.
    lines[next].removeAll(keepingCapacity: true)
    lines[next].append(contentsOf: line)
    next = (next + 1) % capacity
  }

  /// The lines as text that is safe to show, oldest first, without their newlines.
  var text: [String] { (lines[next...] + lines[..<next]).map(Self.shown) }

  /// The most bytes of a line to show: enough for several lines of a screen, and twenty such lines fit into a
  /// message to another host.
  private static let longestLine = 2000

  /// Returns what stays visible on a terminal of a line that a progress bar overwrites repeatedly.
  private static func shown(_ line: [UInt8]) -> String {
    let last = line.filter { $0 != newline }.split(separator: UInt8(ascii: "\r")).last ?? []
    let text = last.prefix(longestLine).split(separator: UInt8(ascii: "\t"), omittingEmptySubsequences: false)
      .map { masked($0) }.joined(separator: "\t")
    return last.count > longestLine ? text + "…" : text
  }
}
