import Wire

@testable import Collective

/// A transport whose rank, the first time it looks without waiting for what has become of its neighbours, is held up.
final class LookingTransport: RingTransport {
  private let wire: any RingTransport
  private let holdUp: () -> Void
  private var hasLooked = false

  init(over wire: any RingTransport, _ holdUp: @escaping () -> Void) {
    self.wire = wire
    self.holdUp = holdUp
  }

  func trySend(_ message: Message) throws(CollectiveError) -> Bool { try wire.trySend(message) }

  func receive() throws(CollectiveError) -> Message? { try wire.receive() }

  func wait(for events: RingEvents, until deadline: ContinuousClock.Instant) throws(CollectiveError) {
    if events.isEmpty, !hasLooked {
      hasLooked = true
      holdUp()
    }
    try wire.wait(for: events, until: deadline)
  }

  var lostNeighbours: RingNeighbours { wire.lostNeighbours }

  func close(flushingFor time: Duration) { wire.close(flushingFor: time) }
}
