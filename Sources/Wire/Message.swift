internal import CZeroMQ
internal import System

/// One message, whose memory the sender writes, and which a receiver can change and send on without a copy.
public final class Message {
  let storage = UnsafeMutablePointer<zmq_msg_t>.allocate(capacity: 1)

  /// Makes an empty message to receive into.
  public init() { zmq_msg_init(storage) }

  /// Makes a message of `byteCount` uninitialised bytes.
  public init(byteCount: Int) {
    guard zmq_msg_init_size(storage, byteCount) == 0 else {
      Shortage(.memory, for: "a message of \(byteCount) bytes").end()
    }
  }

  /// The message's bytes, at any alignment; valid until the message is sent or received into.
  public var bytes: UnsafeMutableRawBufferPointer {
    UnsafeMutableRawBufferPointer(start: zmq_msg_data(storage), count: zmq_msg_size(storage))
  }

  /// The descriptor of the connection that delivered it, while that is open; nil if ZeroMQ cannot tell.
  ///
  /// It is the number that ``ConnectionEvent`` gives for the same connection.
  public var sourceDescriptor: Int32? {
    let descriptor = zmq_msg_get(storage, ZMQ_SRCFD)
    return descriptor >= 0 ? descriptor : nil
  }

  /// Whether another part of the same message follows.
  var hasMore: Bool { zmq_msg_more(storage) != 0 }

  deinit {
    zmq_msg_close(storage)
    storage.deallocate()
  }
}
