internal import CZeroMQ

extension Socket {
  /// Queues `message` and leaves it empty, or returns false, and leaves it as it is, when the queue is full.
  public func trySend(_ message: Message) throws(WireError) -> Bool {
    while zmq_msg_send(message.storage, handle, ZMQ_DONTWAIT) < 0 {
      if zmq_errno() == EAGAIN {
        // A send looks only now and then at what the peer has taken; asking for the room looks at once.
        guard hasRoom else { return false }
      } else if zmq_errno() != EINTR {
        throw .last("zmq_msg_send", on: "\(message.bytes.count) bytes")
      }
    }
    return true
  }

  private var hasRoom: Bool {
    var events: Int32 = 0
    var size = MemoryLayout<Int32>.size
    return zmq_getsockopt(handle, ZMQ_EVENTS, &events, &size) == 0 && events & ZMQ_POLLOUT != 0
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
}
