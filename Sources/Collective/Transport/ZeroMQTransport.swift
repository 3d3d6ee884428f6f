internal import Glibc
internal import Wire

/// A rank's place in a ring of ZeroMQ sockets: PUSH to the next rank, PULL from the previous one.
///
/// Fail-stop: ZeroMQ would reconnect and lose messages in between without a word, so the first lost connection
/// counts, and nobody can connect twice. No ZeroMQ heartbeats: they end connections of ranks that are busy computing.
final class ZeroMQTransport: RingTransport {
  let context: Context
  let claim: SocketClaim
  var push: Socket
  var pull: Socket
  private var pushMonitor: ConnectionMonitor
  private var pullMonitor: ConnectionMonitor
  private var next = NeighbourConnection()
  private var previous = NeighbourConnection()
  private(set) var lostNeighbours: RingNeighbours = []
  /// Over TCP, the way to the next rank, until it is found.
  var search: TCPDoor?
  /// Over TCP, what there is to say if the next rank lets nobody in.
  var refusal = CollectiveError.system(detail: "the next rank refused the connection")
  /// Over TCP, who lets the previous rank in.
  var authenticator: Authenticator?

  /// Makes sockets that go nowhere yet.
  init(claim: SocketClaim, tuning: SocketTuning) throws(WireError) {
    self.claim = claim
    context = try Context(ioThreads: tuning.ioThreads)
    push = try Socket(.push, in: context)
    pull = try Socket(.pull, in: context)
    pushMonitor = try ConnectionMonitor(of: push, in: context)
    pullMonitor = try ConnectionMonitor(of: pull, in: context)
    try configure(tuning)
  }

  /// Listens at the claimed path and connects, in the background, to the next rank's.
  convenience init(claim: SocketClaim, next: Endpoint, tuning: SocketTuning = SocketTuning())
    throws(WireError)
  {
    try self.init(claim: claim, tuning: tuning)
    try pull.acceptOnly(user: getuid())
    try pull.bind(to: .ipc(path: claim.path))
    try push.connect(to: next)
  }

  private func configure(_ tuning: SocketTuning) throws(WireError) {
    try pull.setHighWaterMark(tuning.queueLength)
    try pull.setMaximumMessageSize(tuning.largestMessage)
    try pull.setHandshakeLimit(.seconds(2))
    try pull.setKernelBuffers(send: nil, receive: tuning.receiveBuffer)
    try push.setHighWaterMark(tuning.queueLength)
    try push.setReconnectInterval(.milliseconds(20))
    try push.setKernelBuffers(send: tuning.sendBuffer, receive: nil)
  }

  /// Ends the time in which the previous rank can connect.
  func stopListening() {
    authenticator?.admitNobody()
    claim.hideSocket()
  }

  deinit { close(flushingFor: .zero) }
}

extension ZeroMQTransport {
  func trySend(_ message: Message) throws(CollectiveError) -> Bool {
    do {
      return try push.trySend(message)
    } catch {
      throw .system(detail: error.description)
    }
  }

  func receive() throws(CollectiveError) -> Message? {
    let message = Message()
    do {
      guard try pull.tryReceive(into: message) else { return nil }
    } catch {
      throw .system(detail: error.description)
    }
    if !previous.isKnown { previous.heard(from: message.sourceDescriptor) }
    return message
  }

  func wait(for events: RingEvents, until deadline: ContinuousClock.Instant) throws(CollectiveError) {
    try lookForNext()
    // The next rank's announcement is a file, which cannot be waited for: look again soon.
    let end = search == nil ? deadline : min(deadline, .now + .milliseconds(10))
    var items = [pushMonitor.pollItem, pullMonitor.pollItem]
    if events.contains(.arrival) { items.append(pull.pollItem(.readable)) }
    if events.contains(.room) { items.append(push.pollItem(.writable)) }
    do {
      guard try PollItem.wait(for: items, until: end) else { return }
      try noteEvents()
    } catch {
      throw .system(detail: error.description)
    }
    if next.isRefused { throw refusal }
  }

  private func noteEvents() throws(WireError) {
    while let event = try pullMonitor.next() { previous.note(event) }
    while let event = try pushMonitor.next() { next.note(event) }
    previous.settle()
    if previous.isLost { lostNeighbours.insert(.previous) }
    if next.isLost { lostNeighbours.insert(.next) }
  }

  func close(flushingFor time: Duration) {
    try? push.setLinger(lostNeighbours.contains(.next) ? .zero : time)
    pushMonitor.close(watching: push)
    pullMonitor.close(watching: pull)
    pull.close()
    push.close()
    context.terminate()
    claim.release()
  }
}
