internal import Wire

/// A ring inside one process: threads are the ranks, and messages go through bounded queues as they are.
///
/// For tests and for trying things out. Make one, then ask for each rank's transport on that rank's thread.
public final class LoopbackRing: @unchecked Sendable {
  // Safe: `edges` is touched only inside `condition`.
  private var edges: [Edge]
  private let condition = Condition()
  private let capacity: Int

  /// The queue from a rank to the next one.
  private struct Edge {
    var messages: [Message] = []
    var senderLeft = false
    var receiverLeft = false
  }

  /// Makes a ring of `size` ranks whose queues hold `capacity` messages each.
  public init(size: Int, capacity: Int = 4) {
    precondition(size > 0 && capacity > 0, "\(size) ranks, \(capacity) messages")
    edges = Array(repeating: Edge(), count: size)
    self.capacity = capacity
  }

  /// The place of one rank; ask once for each.
  public func transport(rank: Int) -> any RingTransport { LoopbackTransport(self, rank: rank) }

  private func previous(_ rank: Int) -> Int { (rank - 1).modulo(edges.count) }
}

extension LoopbackRing {
  func trySend(_ message: Message, from rank: Int) -> Bool {
    condition.withLock {
      guard hasRoom(after: rank) else { return false }
      // Like a socket whose peer is gone, a queue without receiver swallows.
      if !edges[rank].receiverLeft { edges[rank].messages.append(message) }
      return true
    }
  }

  func receive(at rank: Int) -> Message? {
    condition.withLock {
      let incoming = previous(rank)
      return edges[incoming].messages.isEmpty ? nil : edges[incoming].messages.removeFirst()
    }
  }

  /// Waits for one of `events` or for the loss of a neighbour not in `known`; gives the neighbours now lost.
  func wait(
    at rank: Int, for events: RingEvents, known: RingNeighbours, until deadline: ContinuousClock.Instant
  ) -> RingNeighbours {
    var lost = known
    condition.wait(until: deadline) {
      lost = lostNeighbours(of: rank)
      return lost != known || hasHappened(events, at: rank)
    }
    return lost
  }

  func leave(_ rank: Int) {
    condition.withLock {
      edges[rank].senderLeft = true
      edges[previous(rank)].receiverLeft = true
    }
  }

  private func lostNeighbours(of rank: Int) -> RingNeighbours {
    var lost: RingNeighbours = []
    if edges[previous(rank)].senderLeft { lost.insert(.previous) }
    if edges[rank].receiverLeft { lost.insert(.next) }
    return lost
  }

  private func hasHappened(_ events: RingEvents, at rank: Int) -> Bool {
    events.contains(.arrival) && !edges[previous(rank)].messages.isEmpty
      || events.contains(.room) && hasRoom(after: rank)
  }

  private func hasRoom(after rank: Int) -> Bool { edges[rank].messages.count < capacity }
}
