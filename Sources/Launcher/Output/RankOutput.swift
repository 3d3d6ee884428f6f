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
    console.say(loss)
  }

  /// Adds a line of the launcher's own to the log.
  func note(_ text: String, console: inout Console) {
    var line = "twins-launch: \(text)\n"
    line.withUTF8 { log?.append(UnsafeRawBufferPointer($0)) }
    saveLog(console: &console)
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
    if let trouble = log?.save() { console.say(trouble) }
  }
}
