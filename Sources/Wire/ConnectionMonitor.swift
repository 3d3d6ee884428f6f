internal import CZeroMQ

/// Tells that a socket has lost a connection, within about a millisecond of the peer's death.
///
/// A loss may be told before messages that arrived earlier have been received: drain the socket, then judge.
/// Used on the socket's thread; let go of it before the context terminates.
public struct ConnectionMonitor: ~Copyable {
  private var events: Socket
  private let message = Message()

  /// Starts to watch `socket`; connections lost before are not told.
  public init(of socket: borrowing Socket, in context: Context) throws(WireError) {
    events = try Self.listen(to: socket, in: context)
  }

  private static func listen(to socket: borrowing Socket, in context: Context) throws(WireError) -> Socket {
    let endpoint = Endpoint.inproc("monitor-\(UInt(bitPattern: socket.handle))")
    guard zmq_socket_monitor(socket.handle, endpoint.description, ZMQ_EVENT_DISCONNECTED) == 0 else {
      throw .last("zmq_socket_monitor", on: endpoint.description)
    }
    let events = try Socket(.pair, in: context)
    try events.connect(to: endpoint)
    return events
  }

  /// Whether a connection was lost since the last call.
  public func sawDisconnect() throws(WireError) -> Bool {
    var seen = false
    // Only the one kind of event was asked for, so what its parts say is known.
    while try events.tryReceive(into: message) { seen = true }
    return seen
  }

  /// Stops to watch.
  public mutating func close() { events.close() }

  /// What to wait on until there is news.
  public var pollItem: PollItem { events.pollItem(.readable) }
}
