internal import CZeroMQ

extension Socket {
  /// Queues `parts`, copied one after another, as one message, or returns false when the queue is full.
  ///
  /// A copy in one piece is faster than lending many small parts to the I/O thread: each part costs it two system
  /// calls, and the copy is made while the bytes are in the processor's cache.
  public func trySend(_ parts: [UnsafeRawBufferPointer]) throws(WireError) -> Bool {
    guard hasRoom else { return false }
    var message = zmq_msg_t()
    let size = parts.reduce(0) { $0 + $1.count }
    guard zmq_msg_init_size(&message, size) == 0 else {
      throw .last("zmq_msg_init_size", on: "\(size) bytes")
    }
    UnsafeMutableRawBufferPointer(start: zmq_msg_data(&message), count: size).copyMemory(fromParts: parts)
    while zmq_msg_send(&message, handle, ZMQ_DONTWAIT) < 0 {
      guard zmq_errno() == EINTR else {
        let error = WireError.last("zmq_msg_send", on: "\(size) bytes")
        zmq_msg_close(&message)
        throw error
      }
    }
    return true
  }

  /// Takes the next message into `message`, or returns false when none has arrived.
  public func tryReceive(into message: Message) throws(WireError) -> Bool {
    while zmq_msg_recv(message.storage, handle, ZMQ_DONTWAIT) < 0 {
      if zmq_errno() == EAGAIN { return false }
      guard zmq_errno() == EINTR else { throw .last("zmq_msg_recv", on: "") }
    }
    return true
  }

  /// Waits for the next message and takes it into `message`; false when the deadline passed first.
  public func receive(
    into message: Message, until deadline: ContinuousClock.Instant
  ) throws(WireError) -> Bool {
    while try !tryReceive(into: message) {
      guard try PollItem.wait(for: [pollItem(.readable)], until: deadline) else { return false }
    }
    return true
  }

  /// Asked first, so that a full queue does not cost a copy.
  private var hasRoom: Bool {
    var events: Int32 = 0
    var size = MemoryLayout<Int32>.size
    // A socket that cannot be asked is tried: sending tells what is wrong with it.
    return zmq_getsockopt(handle, ZMQ_EVENTS, &events, &size) != 0 || events & ZMQ_POLLOUT != 0
  }
}

extension UnsafeMutableRawBufferPointer {
  fileprivate func copyMemory(fromParts parts: [UnsafeRawBufferPointer]) {
    var start = 0
    for part in parts {
      UnsafeMutableRawBufferPointer(rebasing: self[start..<start + part.count]).copyMemory(from: part)
      start += part.count
    }
  }
}
