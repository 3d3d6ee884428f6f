internal import CZeroMQ

/// A condition to wait for: that a socket can be read or written.
///
/// It does not keep its socket open: use it only while the socket exists.
public struct PollItem {
  /// The condition of a socket.
  public enum Readiness: Sendable {
    /// A message can be received.
    case readable
    /// A message can be queued.
    case writable
  }

  private let item: zmq_pollitem_t

  init(socket: UnsafeMutableRawPointer?, _ readiness: Readiness) {
    let events = readiness == .readable ? ZMQ_POLLIN : ZMQ_POLLOUT
    item = zmq_pollitem_t(socket: socket, fd: 0, events: Int16(events), revents: 0)
  }

  /// Blocks, without using the processor, until one of `items` is ready or the deadline passes; returns
  /// whether one is ready.
  ///
  /// It may return true early, as when a signal arrives: try the operation and wait again.
  public static func wait(
    for items: [PollItem], until deadline: ContinuousClock.Instant
  ) throws(WireError) -> Bool {
    var list = items.map(\.item)
    repeat {
      let patience = ContinuousClock.now.duration(to: deadline)
      let ready = zmq_poll(&list, Int32(list.count), Int(patience.wholeMilliseconds))
      if ready > 0 || ready < 0 && zmq_errno() == EINTR { return true }
      guard ready == 0 else { throw .last("zmq_poll", on: "\(items.count) items") }
      // ZeroMQ's clock counts whole milliseconds and may end the wait slightly early.
    } while ContinuousClock.now < deadline
    return false
  }
}

extension Socket {
  /// The item for waiting until this socket can be read or written.
  public func pollItem(_ readiness: PollItem.Readiness) -> PollItem {
    PollItem(socket: handle, readiness)
  }
}

extension Socket {
  /// A descriptor for poll(2) that becomes readable once when something happens to the socket.
  ///
  /// Check ``hasInput`` before waiting on it: any call on the socket may have consumed the notification.
  public var descriptor: Int32 {
    var descriptor: Int32 = -1
    var size = MemoryLayout<Int32>.size
    zmq_getsockopt(handle, ZMQ_FD, &descriptor, &size)
    return descriptor
  }
}
