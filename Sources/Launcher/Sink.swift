import Glibc

/// The launcher's own stdout or stderr, written only as fast as its reader takes it.
///
/// A reader that stalls must not stall the supervision, so nothing is written before poll(2) says that it fits.
struct Sink {
  /// Beyond this many waiting bytes the workers' output is left in their pipes.
  static let limit = 1 << 20

  let descriptor: CInt
  private var queue = LineQueue()
  private var isBroken = false

  init(descriptor: CInt) {
    self.descriptor = descriptor
  }

  var isEmpty: Bool { queue.count == 0 }
  var isCongested: Bool { queue.count >= Self.limit }

  /// Queues a line, to be written by `flush`.
  mutating func write(_ line: UnsafeRawBufferPointer, prefix: [UInt8] = []) {
    guard !isBroken else { return }
    queue.append(line, prefix: prefix)
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
    var failure: CInt = 0
    queue.writeNext { bytes in
      let count = Glibc.write(descriptor, bytes.baseAddress, bytes.count)
      if count < 0 { failure = errno }
      return max(0, count)
    }
    // A reader that has gone (EPIPE) or a full disk must not end the training.
    guard failure != 0, failure != EINTR, failure != EAGAIN else { return }
    isBroken = true
    queue.removeAll()
  }
}

/// Waits until the descriptor is ready; false when the time is over first.
private func poll(_ descriptor: CInt, for events: Int32, milliseconds: CInt) -> Bool {
  var entry = pollfd(fd: descriptor, events: Int16(events), revents: 0)
  return Glibc.poll(&entry, 1, milliseconds) > 0
}
