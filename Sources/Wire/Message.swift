internal import CZeroMQ

/// The place of one received message, reused from one receive to the next.
public final class Message {
  let storage = UnsafeMutablePointer<zmq_msg_t>.allocate(capacity: 1)

  /// Makes an empty place.
  public init() { zmq_msg_init(storage) }

  /// The message's bytes, at any alignment, valid until the next receive into this place.
  public var bytes: UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(start: zmq_msg_data(storage), count: zmq_msg_size(storage))
  }

  deinit {
    zmq_msg_close(storage)
    storage.deallocate()
  }
}
