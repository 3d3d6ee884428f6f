import Drawing
import Glibc
import Recipe
import RunControl
import System

/// What the user sees: rank 0's stdout unchanged, and every other line after its rank's prefix.
struct Console {
  var output = Sink(descriptor: STDOUT_FILENO)
  var errors = Sink(descriptor: STDERR_FILENO)
  /// The lines kept at the bottom; nil where there are none.
  private var bottom: BottomLines?
  /// The characters for the launcher's own text; workers' output passes unchanged.
  private let signs = Signs.ofThisProcess
  /// The width at which the launcher's lines are wrapped between words; nil for no wrapping.
  var columns: Int?
  /// The number of lost readers that have been reported.
  private var toldReaders = 0

  /// Whether the readers are so far behind that the workers must wait.
  var isCongested: Bool { output.isCongested || errors.isCongested }

  /// Passes on one line of a worker.
  mutating func pass(_ line: UnsafeRawBufferPointer, from stream: WorkerStream, rank: Int, prefix: [UInt8]) {
    switch stream {
    case .output:
      // The live view shows the same.
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

  /// Prints a message of the launcher's own.
  mutating func print(_ text: String) { write(Self.line(text)) }

  /// Writes complete lines to stderr.
  mutating func write(_ lines: String) {
    var lines = signs.spelled(lines)
    lines.withUTF8 { writeError(UnsafeRawBufferPointer($0), prefix: []) }
  }

  private mutating func writeError(_ line: UnsafeRawBufferPointer, prefix: [UInt8]) {
    makeRoom()
    // Two queues to one terminal would mix up the order around the drawn lines.
    put(line, prefix: prefix, on: bottom != nil && errors.isTerminal ? \.output : \.errors)
  }

  /// Returns a text as a line of the launcher's own.
  static func line(_ text: String) -> String { "twins-launch: \(text)\n" }

  /// The streams that nobody reads any more, and why, a clause each.
  var lostReaders: [String] {
    [("standard output", output), ("standard error", errors)].compactMap { name, sink in
      sink.failure.map { "nobody reads \(name) (\(errorText($0)))" }
    }
  }

  /// Why output did not reach stdout; nil where it did.
  var outputFault: LaunchError? { output.failure.map(LaunchError.init(unwrittenOutput:)) }

  /// Says where to find the lines that nobody reads any more; once for each lost reader, otherwise nil.
  ///
  /// - Parameter hasLogs: Whether the lines are in log files too.
  mutating func newlyLostReaders(hasLogs: Bool) -> String? {
    guard lostReaders.count > toldReaders else { return nil }
    toldReaders = lostReaders.count
    return
      "\(lostReaders.joined(separator: ", ")); the run goes on, and its lines are \(hasLogs ? "in its logs alone" : "lost")"
  }

  /// The descriptors that have output waiting.
  var waitingSinks: [CInt] {
    [output, errors].filter { !$0.isEmpty }.map(\.descriptor)
  }

  /// Writes what the readers take without blocking.
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

/// Drawing at the bottom of a terminal.
extension Console {
  /// Draws these lines below all others from now on, in place of the previous ones.
  ///
  /// - Parameter width: The terminal's width in columns.
  mutating func keepAtBottom(_ lines: [String], width: Int) {
    makeRoom()
    bottom = BottomLines(lines, width: width)
  }

  /// Erases the lines at the bottom for good.
  mutating func clearBottom() {
    makeRoom()
    bottom = nil
  }

  /// Writes a line to stdout.
  mutating func say(_ line: String) {
    makeRoom()
    output.write(signs.spelled(line) + "\n")
  }

  /// Whether the terminal has taken everything so far; otherwise another drawing would only queue up.
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

/// Wraps lines longer than `width` between words; continuation lines are indented.
func folded(_ text: String, to width: Int) -> String {
  text.split(separator: "\n", omittingEmptySubsequences: false)
    .map { wrapped($0, to: width, then: width - 2).joined(separator: "\n  ") }.joined(separator: "\n")
}

extension LaunchError {
  /// An error for output that could not be written.
  init(unwrittenOutput errno: CInt) {
    self.init("cannot write to standard output: \(errorText(errno))", exitStatus: .inputOutput)
  }
}

/// The two output streams of a worker.
enum WorkerStream: CaseIterable, Sendable {
  case output
  case errors
}

/// The launcher's own stdout or stderr, written only as fast as its reader takes it.
///
/// A slow reader must not block the supervision, so nothing is written before poll(2) says that it fits.
struct Sink {
  /// With more bytes waiting than this, the workers' output is left in their pipes.
  static let limit = 1 << 20

  let descriptor: CInt
  let isTerminal: Bool
  private var queue = LineQueue()
  /// The errno with which the reader was lost; nil while it is there.
  private(set) var failure: CInt?

  init(descriptor: CInt) {
    self.descriptor = descriptor
    isTerminal = isatty(descriptor) == 1
  }

  var isEmpty: Bool { queue.count == 0 }
  var isCongested: Bool { queue.count >= Self.limit }

  /// Queues a line for `flush`; on a terminal, without characters that would move the cursor or change
  /// colours.
  mutating func write(_ line: UnsafeRawBufferPointer, prefix: [UInt8] = []) {
    guard failure == nil else { return }
    guard isTerminal else { return queue.append(line, prefix: prefix) }
    shown(line).withUnsafeBytes { queue.append($0, prefix: prefix) }
  }

  /// Queues a terminal's control text.
  mutating func command(_ text: String) {
    guard failure == nil else { return }
    var text = text
    text.withUTF8 { queue.append(UnsafeRawBufferPointer($0), prefix: []) }
  }

  /// Queues a text of the launcher's own, which ends in a newline.
  mutating func write(_ text: String) {
    var text = text
    text.withUTF8 { write(UnsafeRawBufferPointer($0)) }
  }

  /// Writes what the reader takes without blocking.
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
    // A lost reader (EPIPE) or a full disk must not end the training.
    guard errno != 0, errno != EINTR, errno != EAGAIN else { return }
    failure = errno
    queue.removeAll()
  }
}

/// Returns the bytes with all control characters but tabs and newlines masked.
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

/// Waits until the descriptor is ready; false after a timeout.
private func poll(_ descriptor: CInt, for events: Int32, milliseconds: CInt) -> Bool {
  var entry = pollfd(fd: descriptor, events: Int16(events), revents: 0)
  return Glibc.poll(&entry, 1, milliseconds) > 0
}

/// Lines that wait for a slow reader, written in pieces that a pipe takes whole.
struct LineQueue: Sendable {
  /// A write of up to this many bytes (PIPE_BUF) to a writable pipe does not block and does not mix with
  /// other writers'.
  static let longestWrite = 4096

  private var bytes: [UInt8] = []
  private var start = 0

  /// The number of waiting bytes.
  var count: Int { bytes.count - start }

  /// Adds a line after its prefix.
  mutating func append(_ line: UnsafeRawBufferPointer, prefix: [UInt8]) {
    bytes.append(contentsOf: prefix)
    bytes.append(contentsOf: line)
  }

  /// Passes as many complete lines to `write` as one write may carry, or part of a longer line.
  ///
  /// `write` returns how many bytes it took; these are removed.
  mutating func writeNext(_ write: (UnsafeRawBufferPointer) -> Int) {
    let end = endOfNextWrite()
    start += bytes.withUnsafeBytes { write(UnsafeRawBufferPointer(rebasing: $0[start..<end])) }
    guard start == bytes.count || start >= 1 << 20 else { return }
    bytes.removeFirst(start)
    start = 0
  }

  /// Drops everything, for a reader that is gone.
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
