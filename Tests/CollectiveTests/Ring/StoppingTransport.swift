import Wire

@testable import Collective

/// A transport whose rank stops before it sends one message, until `wait` returns.
final class StoppingTransport: RingTransport {
  private let wire: any RingTransport
  private let target: Int
  private let wait: () -> Void
  private var sent = 0

  init(atMessage target: Int, of wire: any RingTransport, _ wait: @escaping () -> Void) {
    self.wire = wire
    self.target = target
    self.wait = wait
  }

  func trySend(_ message: Message) throws(CollectiveError) -> Bool {
    if sent == target { wait() }
    guard try wire.trySend(message) else { return false }
    sent += 1
    return true
  }

  func receive() throws(CollectiveError) -> Message? { try wire.receive() }

  func wait(for events: RingEvents, until deadline: ContinuousClock.Instant) throws(CollectiveError) {
    try wire.wait(for: events, until: deadline)
  }

  var lostNeighbours: RingNeighbours { wire.lostNeighbours }

  func close(flushingFor time: Duration) { wire.close(flushingFor: time) }
}
