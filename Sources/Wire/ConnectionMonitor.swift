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

  /// For poll(2), as ``Socket/descriptor``.
  public var descriptor: Int32 { events.descriptor }

  /// Whether ``next()`` has an event now.
  public var hasInput: Bool { events.hasInput }
}

/// What happened to one of a socket's connections, named by its descriptor where ZeroMQ tells it.
public enum ConnectionEvent: Equatable, Sendable {
  /// A connection that this socket asked for stands; the handshake comes next.
  case connected(descriptor: Int32)
  /// A peer's connection stands; the handshake comes next.
  case accepted(descriptor: Int32)
  /// A peer has shown that it may take part. ZeroMQ does not say on which connection.
  case handshakeSucceeded
  /// A handshake has ended without success. ZeroMQ does not say on which connection.
  case handshakeFailed(HandshakeFailure)
  /// A connection has ended.
  case disconnected(descriptor: Int32)

  /// Why a handshake failed.
  public enum HandshakeFailure: Sendable {
    /// The connection ended, or nothing came in time.
    case broken
    /// The peer spoke another protocol, or a mechanism that is not this side's.
    case protocolError
    /// Key or secret were not accepted.
    case refused
  }

  static let kinds =
    ZMQ_EVENT_CONNECTED | ZMQ_EVENT_ACCEPTED | ZMQ_EVENT_DISCONNECTED | ZMQ_EVENT_HANDSHAKE_SUCCEEDED
    | ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL | ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL
    | ZMQ_EVENT_HANDSHAKE_FAILED_AUTH

  /// The event in the first part of a monitor's message: a number of 16 bits and its value of 32.
  init?(_ bytes: UnsafeRawBufferPointer) {
    guard bytes.count >= 6 else { return nil }
    let value = bytes.loadUnaligned(fromByteOffset: 2, as: Int32.self)
    switch Int32(bytes.loadUnaligned(as: UInt16.self)) {
    case ZMQ_EVENT_CONNECTED: self = .connected(descriptor: value)
    case ZMQ_EVENT_ACCEPTED: self = .accepted(descriptor: value)
    case ZMQ_EVENT_DISCONNECTED: self = .disconnected(descriptor: value)
    case ZMQ_EVENT_HANDSHAKE_SUCCEEDED: self = .handshakeSucceeded
    case ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL: self = .handshakeFailed(.broken)
    case ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL: self = .handshakeFailed(.protocolError)
    case ZMQ_EVENT_HANDSHAKE_FAILED_AUTH: self = .handshakeFailed(.refused)
    default: return nil
    }
  }
}
