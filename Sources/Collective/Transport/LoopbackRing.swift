internal import System
internal import Wire

/// A ring inside one process, for tests: threads are the ranks, and messages pass through bounded queues.
///
/// Make one ring, then ask for each rank's transport on that rank's thread.
public final class LoopbackRing: Sendable {
  private let ring: Monitor<Ring>

  /// Makes a ring of `size` ranks whose queues hold `capacity` messages each.
  public init(size: Int, capacity: Int = 4) {
    precondition(size > 0 && capacity > 0, "\(size) ranks, \(capacity) messages")
    ring = Monitor(Ring(edges: Array(repeating: Edge(), count: size), capacity: capacity))
  }

  /// Returns the transport of one rank; call it once for each rank.
  public func transport(rank: Int) -> any RingTransport { LoopbackTransport(self, rank: rank) }

  func trySend(_ message: Message, from rank: Int) -> Bool {
    ring.withLock { ring in
      guard ring.hasRoom(after: rank) else { return false }
      // Like a socket whose peer is gone, a queue without a receiver drops messages.
      if !ring.edges[rank].receiverLeft { ring.edges[rank].messages.append(message) }
      return true
    }
  }

  func receive(at rank: Int) -> Message? {
    ring.withLock { ring in
      let incoming = ring.previous(rank)
      return ring.edges[incoming].messages.isEmpty ? nil : ring.edges[incoming].messages.removeFirst()
    }
  }

  /// Waits for one of `events` or for the loss of a neighbour not in `known`; returns the neighbours now
  /// lost.
  func wait(
    at rank: Int, for events: RingEvents, known: RingNeighbours, until deadline: ContinuousClock.Instant
  ) -> RingNeighbours {
    ring.wait(until: deadline) { ring in
      let lost = ring.lostNeighbours(of: rank)
      return lost != known || ring.hasHappened(events, at: rank) ? lost : nil
    } ?? known
  }

  func leave(_ rank: Int) {
    ring.withLock { ring in
      ring.edges[rank].senderLeft = true
      ring.edges[ring.previous(rank)].receiverLeft = true
    }
  }
}

extension LoopbackRing {
  /// The queue from a rank to the next one.
  fileprivate struct Edge {
    var messages: [Message] = []
    var senderLeft = false
    var receiverLeft = false
  }

  fileprivate struct Ring {
    var edges: [Edge]
    let capacity: Int

    func previous(_ rank: Int) -> Int { (rank - 1).modulo(edges.count) }

    func lostNeighbours(of rank: Int) -> RingNeighbours {
      var lost: RingNeighbours = []
      if edges[previous(rank)].senderLeft { lost.insert(.previous) }
      if edges[rank].receiverLeft { lost.insert(.next) }
      return lost
    }

    func hasHappened(_ events: RingEvents, at rank: Int) -> Bool {
      events.contains(.arrival) && !edges[previous(rank)].messages.isEmpty
        || events.contains(.room) && hasRoom(after: rank)
    }

    func hasRoom(after rank: Int) -> Bool { edges[rank].messages.count < capacity }
  }
}

/// A rank's place in a ``LoopbackRing``.
final class LoopbackTransport: RingTransport {
  private let ring: LoopbackRing
  private let rank: Int
  private(set) var lostNeighbours: RingNeighbours = []

  init(_ ring: LoopbackRing, rank: Int) {
    self.ring = ring
    self.rank = rank
  }

  func trySend(_ message: Message) throws(CollectiveError) -> Bool { ring.trySend(message, from: rank) }

  func receive() throws(CollectiveError) -> Message? { ring.receive(at: rank) }

  func wait(for events: RingEvents, until deadline: ContinuousClock.Instant) throws(CollectiveError) {
    lostNeighbours = ring.wait(at: rank, for: events, known: lostNeighbours, until: deadline)
  }

  func close(flushingFor time: Duration) {
    // What was sent stays in the queue for its receiver, so nothing is left to flush.
    ring.leave(rank)
  }
}
