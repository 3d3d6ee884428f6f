internal import CZeroMQ

/// Reports what happens to a socket's connections, a loss within about a millisecond of the peer's death.
///
/// A loss may be reported before messages that arrived earlier have been received, so drain the socket first.
/// Use it on the socket's thread, and end it with ``close(watching:)``.
public struct ConnectionMonitor: ~Copyable {
  private var events: Socket
  private let message = Message()

  /// Starts to watch `socket`; earlier events are not reported.
  public init(of socket: borrowing Socket, in context: Context) throws(WireError) {
    events = try Self.listen(to: socket, in: context)
  }

  private static func listen(to socket: borrowing Socket, in context: Context) throws(WireError) -> Socket {
    let endpoint = Endpoint.inproc("monitor-\(UInt(bitPattern: socket.handle))")
    guard zmq_socket_monitor(socket.handle, endpoint.description, ConnectionEvent.kinds) == 0 else {
      throw .last("zmq_socket_monitor", on: endpoint.description)
    }
    let events = try Socket(.pair, in: context)
    // Unlimited: strangers' connections make events too, and a full queue would stop the I/O thread and all
    // messages.
    try events.setHighWaterMark(0)
    try events.connect(to: endpoint)
    return events
  }

  /// Returns the next event, if there is one.
  public func next() throws(WireError) -> ConnectionEvent? {
    while try events.tryReceive(into: message) {
      let event = ConnectionEvent(UnsafeRawBufferPointer(message.bytes))
      // The second part is the address, which is the same for all connections accepted there.
      while message.hasMore { guard try events.tryReceive(into: message) else { break } }
      if let event { return event }
    }
    return nil
  }

  /// Stops watching `socket`, for which it was made. Call it before closing the socket.
  ///
  /// libzmq's side is closed first: an event without a listener would block the I/O thread forever.
  public mutating func close(watching socket: borrowing Socket) {
    zmq_socket_monitor(socket.handle, nil, 0)
    events.close()
  }

  /// The item for waiting until there is an event.
  public var pollItem: PollItem { events.pollItem(.readable) }

  /// A descriptor for poll(2), like ``Socket/descriptor``.
  public var descriptor: Int32 { events.descriptor }

  /// Whether ``next()`` has an event now.
  public var hasInput: Bool { events.hasInput }
}

/// An event of a socket's connection, with its descriptor if ZeroMQ tells it.
public enum ConnectionEvent: Equatable, Sendable {
  /// A connection requested by this socket is established; the handshake follows.
  case connected(descriptor: Int32)
  /// A peer's connection is established; the handshake follows.
  case accepted(descriptor: Int32)
  /// A handshake succeeded. ZeroMQ does not say on which connection.
  case handshakeSucceeded
  /// A handshake failed. ZeroMQ does not say on which connection.
  case handshakeFailed(HandshakeFailure)
  /// A connection has ended.
  case disconnected(descriptor: Int32)

  /// Why a handshake failed.
  public enum HandshakeFailure: Sendable {
    /// The connection ended, or nothing arrived in time.
    case broken
    /// The peer used another protocol or mechanism.
    case protocolError
    /// The key or secret was not accepted.
    case refused
  }

  static let kinds =
    ZMQ_EVENT_CONNECTED | ZMQ_EVENT_ACCEPTED | ZMQ_EVENT_DISCONNECTED | ZMQ_EVENT_HANDSHAKE_SUCCEEDED
    | ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL | ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL
    | ZMQ_EVENT_HANDSHAKE_FAILED_AUTH

  /// Parses the first part of a monitor's message: a 16-bit event number and its 32-bit value.
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
