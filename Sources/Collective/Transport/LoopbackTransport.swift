internal import Wire

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
