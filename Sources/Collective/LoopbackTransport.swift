/// A rank's place in a ``LoopbackRing``.
final class LoopbackTransport: RingTransport {
  private let ring: LoopbackRing
  private let rank: Int
  private(set) var lostNeighbours: RingNeighbours = []
  /// The received message, which the caller may still be reading.
  private var received = UnsafeMutableRawBufferPointer(start: nil, count: 0)

  init(_ ring: LoopbackRing, rank: Int) {
    self.ring = ring
    self.rank = rank
  }

  func trySend(_ parts: [UnsafeRawBufferPointer]) throws(CollectiveError) -> Bool {
    ring.trySend(parts.reduce(into: []) { $0 += $1 }, from: rank)
  }

  func receive() throws(CollectiveError) -> UnsafeRawBufferPointer? {
    guard let message = ring.receive(at: rank) else { return nil }
    received.deallocate()
    received = .allocate(byteCount: message.count, alignment: 1)
    received.copyBytes(from: message)
    return UnsafeRawBufferPointer(received)
  }

  func wait(for events: RingEvents, until deadline: ContinuousClock.Instant) throws(CollectiveError) {
    lostNeighbours = ring.wait(at: rank, for: events, known: lostNeighbours, until: deadline)
  }

  func close(flushingFor time: Duration) {
    // What was sent stays in the queue for its receiver, so nothing is left to flush.
    ring.leave(rank)
  }

  deinit { received.deallocate() }
}
