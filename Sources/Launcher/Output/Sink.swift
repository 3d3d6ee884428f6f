import Glibc
import System

/// The launcher's own stdout or stderr, written only as fast as its reader takes it.
///
/// A reader that stalls must not stall the supervision, so nothing is written before poll(2) says that it fits.
struct Sink {
  /// Beyond this many waiting bytes the workers' output is left in their pipes.
  static let limit = 1 << 20

  let descriptor: CInt
  private var queue = LineQueue()
  private let isTerminal: Bool
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
