import Drawing
import Glibc
import Recipe
import RunControl
import System

/// What the user sees: rank 0's stdout as it is, and every other line behind the name of its rank.
struct Console {
  var output = Sink(descriptor: STDOUT_FILENO)
  var errors = Sink(descriptor: STDERR_FILENO)
  /// What stays below all other lines; nil where nothing does.
  private var bottom: BottomLines?
  /// Those of the launcher's own words; what workers print passes as it is.
  private let signs = Signs.ofThisProcess
  /// Columns of a terminal on which lines are broken between words; nil where they go on as they are.
  var columns: Int?
  /// Of the readers that went, how many have been told of.
  private var toldReaders = 0

  /// Whether the reader is so far behind that the workers have to wait.
  var isCongested: Bool { output.isCongested || errors.isCongested }

  /// Passes on one line of a worker.
  mutating func pass(_ line: UnsafeRawBufferPointer, from stream: WorkerStream, rank: Int, prefix: [UInt8]) {
    switch stream {
    case .output:
      // The view says the same.
      if bottom != nil, rank == 0, ReferenceProgress.isTold(by: line) { return }
      makeRoom()
      put(line, prefix: rank == 0 ? [] : prefix, on: \.output)
    case .errors: writeError(line, prefix: prefix)
    }
  }

  private mutating func put(
    _ line: UnsafeRawBufferPointer, prefix: [UInt8], on sink: WritableKeyPath<Console, Sink>
  ) {
    guard let columns, self[keyPath: sink].isTerminal else {
      return self[keyPath: sink].write(line, prefix: prefix)
    }
    let text = String(decoding: prefix + line, as: UTF8.self)
    self[keyPath: sink].write(folded(text, to: columns))
  }

  /// Says something on the launcher's own behalf.
  mutating func print(_ text: String) { write(Self.line(text)) }

  /// Writes whole lines on stderr.
  mutating func write(_ lines: String) {
    var lines = signs.spelled(lines)
    lines.withUTF8 { writeError(UnsafeRawBufferPointer($0), prefix: []) }
  }

  private mutating func writeError(_ line: UnsafeRawBufferPointer, prefix: [UInt8]) {
    makeRoom()
    // Two queues to one terminal would not keep their order around what is drawn.
    put(line, prefix: prefix, on: bottom != nil && errors.isTerminal ? \.output : \.errors)
  }

  /// A line of the launcher's own.
  static func line(_ text: String) -> String { "twins-launch: \(text)\n" }

  /// What nobody reads any more, and why, each as a clause.
  var lostReaders: [String] {
    [("standard output", output), ("standard error", errors)].compactMap { name, sink in
      sink.failure.map { "nobody reads \(name) (\(errorText($0)))" }
    }
  }

  /// Why what was printed has not arrived on stdout; nil where it has.
  var outputFault: LaunchError? { output.failure.map(LaunchError.init(unwrittenOutput:)) }

  /// Where to look for the lines that nobody reads any more; once for each reader that went, and nil in between.
  ///
  /// - Parameter hasLogs: Whether they are in logs too.
  mutating func newlyLostReaders(hasLogs: Bool) -> String? {
    guard lostReaders.count > toldReaders else { return nil }
    toldReaders = lostReaders.count
    return
      "\(lostReaders.joined(separator: ", ")); the run goes on, and its lines are \(hasLogs ? "in its logs alone" : "lost")"
  }

  /// The descriptors whose readers are behind.
  var waitingSinks: [CInt] {
    [output, errors].filter { !$0.isEmpty }.map(\.descriptor)
  }

  /// Writes what the readers take without waiting.
  mutating func flush() {
    showBottom()
    output.flush()
    errors.flush()
  }

  /// Writes the rest, but gives up on a reader that takes nothing for `patience`.
  mutating func drain(patience: Duration) {
    output.drain(patience: patience)
    errors.drain(patience: patience)
  }
}

/// Lines that stay at the bottom of a terminal.
extension Console {
  /// Draws lines below all others from now on, in the place of those before.
  ///
  /// - Parameter width: Columns of the terminal.
  mutating func keepAtBottom(_ lines: [String], width: Int) {
    makeRoom()
    bottom = BottomLines(lines, width: width)
  }

  /// Takes away what is at the bottom, for good.
  mutating func clearBottom() {
    makeRoom()
    bottom = nil
  }

  /// Writes a line on stdout.
  mutating func say(_ line: String) {
    makeRoom()
    output.write(signs.spelled(line) + "\n")
  }

  /// Whether the terminal has taken all that was drawn: else another drawing would only wait behind it.
  var canDraw: Bool { output.isEmpty }

  private mutating func makeRoom() {
    guard let erasure = bottom?.erasure(columns), !erasure.isEmpty else { return }
    output.command(erasure)
  }

  private mutating func showBottom() {
    guard bottom?.areHidden ?? false else { return }
    output.command(bottom?.drawing() ?? "")
  }
}

/// The lines of a text broken between words where they are longer than `width`; what follows in a line is indented.
func folded(_ text: String, to width: Int) -> String {
  text.split(separator: "\n", omittingEmptySubsequences: false)
    .map { wrapped($0, to: width, then: width - 2).joined(separator: "\n  ") }.joined(separator: "\n")
}

extension LaunchError {
  /// That what was to be printed could not be.
  init(unwrittenOutput errno: CInt) {
    self.init("cannot write to standard output: \(errorText(errno))", exitStatus: .inputOutput)
  }
}

/// The two streams on which a worker writes.
enum WorkerStream: CaseIterable, Sendable {
  case output
  case errors
}

/// The launcher's own stdout or stderr, written only as fast as its reader takes it.
///
/// A reader that stalls must not stall the supervision, so nothing is written before poll(2) says that it fits.
struct Sink {
  /// Beyond this many waiting bytes the workers' output is left in their pipes.
  static let limit = 1 << 20

  let descriptor: CInt
  let isTerminal: Bool
  private var queue = LineQueue()
  /// The errno with which the reader went; nil while it is there.
  private(set) var failure: CInt?

  init(descriptor: CInt) {
    self.descriptor = descriptor
    isTerminal = isatty(descriptor) == 1
  }

  var isEmpty: Bool { queue.count == 0 }
  var isCongested: Bool { queue.count >= Self.limit }

  /// Queues a line, to be written by `flush`; on a terminal, without what would move its cursor or change its colours.
  mutating func write(_ line: UnsafeRawBufferPointer, prefix: [UInt8] = []) {
    guard failure == nil else { return }
    guard isTerminal else { return queue.append(line, prefix: prefix) }
    shown(line).withUnsafeBytes { queue.append($0, prefix: prefix) }
  }

  /// Queues what commands a terminal.
  mutating func command(_ text: String) {
    guard failure == nil else { return }
    var text = text
    text.withUTF8 { queue.append(UnsafeRawBufferPointer($0), prefix: []) }
  }

  /// Writes a text of the launcher's own, which ends in a newline.
  mutating func write(_ text: String) {
    var text = text
    text.withUTF8 { write(UnsafeRawBufferPointer($0)) }
  }

  /// Writes what the reader takes without waiting.
  mutating func flush() {
    while !isEmpty, poll(descriptor, for: POLLOUT, milliseconds: 0) { writeOnce() }
  }

  /// Writes the rest, but gives up on a reader that takes nothing for `patience`.
  mutating func drain(patience: Duration) {
    let milliseconds = CInt(patience / .milliseconds(1))
    while !isEmpty, poll(descriptor, for: POLLOUT, milliseconds: milliseconds) { writeOnce() }
  }

  private mutating func writeOnce() {
    var errno: CInt = 0
    queue.writeNext { bytes in
      let count = Glibc.write(descriptor, bytes.baseAddress, bytes.count)
      if count < 0 { errno = Glibc.errno }
      return max(0, count)
    }
    // A reader that has gone (EPIPE) or a full disk must not end the training.
    guard errno != 0, errno != EINTR, errno != EAGAIN else { return }
    failure = errno
    queue.removeAll()
  }
}

/// The bytes with all masked but tabs and the ends of lines.
private func shown(_ text: UnsafeRawBufferPointer) -> [UInt8] {
  var shown: [UInt8] = []
  var start = text.startIndex
  for index in text.indices where text[index] == newline || text[index] == UInt8(ascii: "\t") {
    shown += masked(text[start..<index]).utf8
    shown.append(text[index])
    start = index + 1
  }
  return shown + masked(text[start...]).utf8
}

/// Waits until the descriptor is ready; false when the time is over first.
private func poll(_ descriptor: CInt, for events: Int32, milliseconds: CInt) -> Bool {
  var entry = pollfd(fd: descriptor, events: Int16(events), revents: 0)
  return Glibc.poll(&entry, 1, milliseconds) > 0
}

/// Lines that wait for a slow reader, handed out in pieces that a pipe takes whole.
struct LineQueue: Sendable {
  /// Up to this many bytes (PIPE_BUF) a write to a pipe neither blocks, once the pipe is writable, nor mixes with others'.
  static let longestWrite = 4096

  private var bytes: [UInt8] = []
  private var start = 0

  /// How many bytes wait.
  var count: Int { bytes.count - start }

  /// Adds one line, in front of it the prefix.
  mutating func append(_ line: UnsafeRawBufferPointer, prefix: [UInt8]) {
    bytes.append(contentsOf: prefix)
    bytes.append(contentsOf: line)
  }

  /// Hands out as many whole lines as one write may carry, or part of a line longer than that.
  ///
  /// `write` returns how many bytes it took; these leave the queue.
  mutating func writeNext(_ write: (UnsafeRawBufferPointer) -> Int) {
    let end = endOfNextWrite()
    start += bytes.withUnsafeBytes { write(UnsafeRawBufferPointer(rebasing: $0[start..<end])) }
    guard start == bytes.count || start >= 1 << 20 else { return }
    bytes.removeFirst(start)
    start = 0
  }

  /// Forgets everything, for a reader that has gone.
  mutating func removeAll() {
    bytes = []
    start = 0
  }

  private func endOfNextWrite() -> Int {
    let limit = min(bytes.count, start + Self.longestWrite)
    let lastNewline = bytes[start..<limit].lastIndex(of: newline)
    return lastNewline.map { $0 + 1 } ?? limit
  }
}
