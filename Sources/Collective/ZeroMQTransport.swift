internal import Glibc
internal import Wire

/// A rank's place in a ring of ZeroMQ sockets: PUSH to the next rank, PULL from the previous one.
///
/// Fail-stop: ZeroMQ would reconnect and lose messages in between without a word, so the first lost connection
/// counts, and nobody can connect twice. No ZeroMQ heartbeats: they end connections of ranks that are busy computing.
final class ZeroMQTransport: RingTransport {
  private let context: Context
  private let claim: SocketClaim
  private let inbox = Message()
  private var push: Socket
  private var pull: Socket
  private var pushMonitor: ConnectionMonitor
  private var pullMonitor: ConnectionMonitor
  private(set) var lostNeighbours: RingNeighbours = []

  /// Listens at the claimed path and connects, in the background, to the next rank's.
  ///
  /// - Parameter queueLength: The messages that each socket queues; memory, not correctness, depends on it.
  init(
    claim: SocketClaim, next: Endpoint, segmentBytes: Int = RingGrain().segmentBytes, queueLength: Int = 8
  ) throws(WireError) {
    self.claim = claim
    context = try Context()
    push = try Socket(.push, in: context)
    pull = try Socket(.pull, in: context)
    pushMonitor = try ConnectionMonitor(of: push, in: context)
    pullMonitor = try ConnectionMonitor(of: pull, in: context)
    // Besides a segment, room for the header and for the words of an abort notice.
    try configure(largestMessage: segmentBytes + 65_536, queueLength: queueLength)
    try pull.bind(to: .ipc(path: claim.path))
    try push.connect(to: next)
  }

  private func configure(largestMessage: Int, queueLength: Int) throws(WireError) {
    try pull.setHighWaterMark(queueLength)
    try pull.setMaximumMessageSize(largestMessage)
    try pull.acceptOnly(user: getuid())
    try push.setHighWaterMark(queueLength)
    try push.setReconnectInterval(.milliseconds(20))
  }

  /// Ends the time in which the previous rank can connect.
  func stopListening() { claim.hideSocket() }

  deinit { close(flushingFor: .zero) }
}

extension ZeroMQTransport {
  func trySend(_ parts: [UnsafeRawBufferPointer]) throws(CollectiveError) -> Bool {
    do {
      return try push.trySend(parts)
    } catch {
      throw .system(detail: error.description)
    }
  }

  func receive() throws(CollectiveError) -> UnsafeRawBufferPointer? {
    do {
      return try pull.tryReceive(into: inbox) ? inbox.bytes : nil
    } catch {
      throw .system(detail: error.description)
    }
  }

  func wait(for events: RingEvents, until deadline: ContinuousClock.Instant) throws(CollectiveError) {
    var items = [pushMonitor.pollItem, pullMonitor.pollItem]
    if events.contains(.arrival) { items.append(pull.pollItem(.readable)) }
    if events.contains(.room) { items.append(push.pollItem(.writable)) }
    do {
      guard try PollItem.wait(for: items, until: deadline) else { return }
      if try pullMonitor.sawDisconnect() { lostNeighbours.insert(.previous) }
      if try pushMonitor.sawDisconnect() { lostNeighbours.insert(.next) }
    } catch {
      throw .system(detail: error.description)
    }
  }

  func close(flushingFor time: Duration) {
    try? push.setLinger(lostNeighbours.contains(.next) ? .zero : time)
    pushMonitor.close()
    pullMonitor.close()
    pull.close()
    push.close()
    context.terminate()
    claim.release()
  }
}
