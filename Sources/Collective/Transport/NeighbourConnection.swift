internal import Wire

/// Tells a neighbour's connection from strangers' attempts to connect to the same socket.
///
/// ZeroMQ reports every connection that opens and closes, and each successful handshake, but not whose
/// handshake it was. The first message identifies the neighbour's connection, since only a neighbour's
/// messages get through. Until then, the neighbour is certainly gone once no connection is open.
struct NeighbourConnection {
  /// Whether the neighbour was connected and is no longer.
  private(set) var isLost = false
  /// Whether the neighbour refused this rank.
  private(set) var isRefused = false
  private var open: Set<Int32> = []
  private var hasShakenHands = false
  private var neighbour: Int32?

  /// Takes in an event of the socket.
  mutating func note(_ event: ConnectionEvent) {
    switch event {
    case .connected(let descriptor), .accepted(let descriptor): open.insert(descriptor)
    case .handshakeSucceeded: hasShakenHands = true
    case .handshakeFailed(let failure): isRefused = isRefused || failure == .refused
    case .disconnected(let descriptor):
      open.remove(descriptor)
      // A number closed before the handshake was a stranger's, though by now a message may have been read
      // from it.
      guard hasShakenHands else { return }
      isLost = isLost || neighbour.map { $0 == descriptor } ?? open.isEmpty
    }
  }

  /// Takes in which connection a message came from.
  mutating func heard(from descriptor: Int32?) { neighbour = neighbour ?? descriptor }

  /// Finds a loss that came before the first message was read; call it when all events have been noted.
  mutating func settle() {
    if let neighbour, !open.contains(neighbour) { isLost = true }
  }

  /// Whether a message has identified the neighbour's connection.
  var isKnown: Bool { neighbour != nil }
}
