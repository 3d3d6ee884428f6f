internal import Wire

/// Tells a neighbour's connection from those of strangers who tried to get in, on one socket.
///
/// ZeroMQ tells of every connection that comes and goes, and of each success, but not whose success it was. The first
/// message settles it: only a neighbour's gets through. Before it, the neighbour is surely gone once nobody is left.
struct NeighbourConnection {
  /// Whether the neighbour has been there and is there no more.
  private(set) var isLost = false
  /// Whether the neighbour has refused this rank.
  private(set) var isRefused = false
  private var open: Set<Int32> = []
  private var hasShakenHands = false
  private var neighbour: Int32?

  /// Takes in what has happened.
  mutating func note(_ event: ConnectionEvent) {
    switch event {
    case .connected(let descriptor), .accepted(let descriptor): open.insert(descriptor)
    case .handshakeSucceeded: hasShakenHands = true
    case .handshakeFailed(let failure): isRefused = isRefused || failure == .refused
    case .disconnected(let descriptor):
      open.remove(descriptor)
      // Before the success the number was a stranger's, though a message may have been read by now.
      guard hasShakenHands else { return }
      isLost = isLost || neighbour.map { $0 == descriptor } ?? open.isEmpty
    }
  }

  /// Takes in where a message came from.
  mutating func heard(from descriptor: Int32?) { neighbour = neighbour ?? descriptor }

  /// To be called when all that happened has been noted: finds a loss that came before the first message was read.
  mutating func settle() {
    if let neighbour, !open.contains(neighbour) { isLost = true }
  }

  /// Whether messages have shown yet which connection is the neighbour's.
  var isKnown: Bool { neighbour != nil }
}
