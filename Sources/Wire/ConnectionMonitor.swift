internal import CZeroMQ

/// Tells what happens to a socket's connections, a loss within about a millisecond of the peer's death.
///
/// A loss may be told before messages that arrived earlier have been received: drain the socket, then judge.
/// Used on the socket's thread; ``close(watching:)`` ends it, and must.
public struct ConnectionMonitor: ~Copyable {
  private var events: Socket
  private let message = Message()

  /// Starts to watch `socket`; what happened before is not told.
  public init(of socket: borrowing Socket, in context: Context) throws(WireError) {
    events = try Self.listen(to: socket, in: context)
  }

  private static func listen(to socket: borrowing Socket, in context: Context) throws(WireError) -> Socket {
    let endpoint = Endpoint.inproc("monitor-\(UInt(bitPattern: socket.handle))")
    guard zmq_socket_monitor(socket.handle, endpoint.description, ConnectionEvent.kinds) == 0 else {
      throw .last("zmq_socket_monitor", on: endpoint.description)
    }
    let events = try Socket(.pair, in: context)
    // Strangers that come and go make events; a full queue would stop the I/O thread, and the messages with it.
    try events.setHighWaterMark(0)
    try events.connect(to: endpoint)
    return events
  }

  /// The next event, if there is one.
  public func next() throws(WireError) -> ConnectionEvent? {
    while try events.tryReceive(into: message) {
      let event = ConnectionEvent(UnsafeRawBufferPointer(message.bytes))
      // The second part names the address, which is the same for all that were accepted at one.
      while message.hasMore { guard try events.tryReceive(into: message) else { break } }
      if let event { return event }
    }
    return nil
  }

  /// Stops to watch `socket`, the one it was made for. Call it before the socket is closed.
  ///
  /// libzmq's side goes first: an event for which there is no listener any more would block the I/O thread for ever.
  public mutating func close(watching socket: borrowing Socket) {
    zmq_socket_monitor(socket.handle, nil, 0)
    events.close()
  }

  /// What to wait on until there is news.
  public var pollItem: PollItem { events.pollItem(.readable) }
}
