internal import Glibc
internal import Wire

/// A rank's place in a ring of ZeroMQ sockets: PUSH to the next rank, PULL from the previous one.
///
/// Fail-stop: ZeroMQ would reconnect and lose messages in between without a word, so the first lost connection
/// counts, and nobody can connect twice. No ZeroMQ heartbeats: they end connections of ranks that are busy computing.
final class ZeroMQTransport: RingTransport {
  private let context: Context
  private let claim: SocketClaim
  private var push: Socket
  private var pull: Socket
  private var pushMonitor: ConnectionMonitor
  private var pullMonitor: ConnectionMonitor
  private var next = NeighbourConnection()
  private var previous = NeighbourConnection()
  private(set) var lostNeighbours: RingNeighbours = []
  /// Over TCP, the way to the next rank, until it is found.
  private var search: TCPDoor?
  /// Over TCP, what there is to say if the next rank lets nobody in.
  private var refusal = CollectiveError.system(detail: "the next rank refused the connection")
  /// Over TCP, who lets the previous rank in.
  private var authenticator: Authenticator?

  /// Makes sockets that go nowhere yet.
  private init(claim: SocketClaim, tuning: SocketTuning) throws(WireError) {
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

extension ZeroMQTransport {
  /// Listens at a free port, checks that strangers are refused there, and says where it is.
  ///
  /// The next rank is looked for, and connected to, while this one waits for messages.
  convenience init(door: TCPDoor, tuning wished: SocketTuning? = nil) throws(CollectiveError) {
    let tuning = wished ?? (door.address.isLoopback ? .loopback : SocketTuning())
    do {
      try self.init(claim: door.claim, tuning: tuning)
      let port = try listen(at: door)
      try RefusalCheck(of: door, in: context).run(at: .tcp(door.address, port: port))
      try door.announce(port: port)
    } catch let refusal as PrivateFile.Refusal {
      throw .setup(rank: door.meeting.rank, detail: refusal.detail)
    } catch let error as CollectiveError {
      throw error
    } catch {
      throw .setup(rank: door.meeting.rank, detail: "\(error)")
    }
    search = door
    refusal = Self.refused(rank: door.meeting.rank, size: door.meeting.size)
  }

  private func listen(at door: TCPDoor) throws(WireError) -> UInt16 {
    if door.hasAuthenticator {
      authenticator = try Authenticator(admitting: door.security.admission(token: door.token), in: context)
    }
    if door.address.isVersion6 { try pull.allowVersion6() }
    try pull.secure(as: door.security.server)
    try pull.bind(to: .tcp(door.address, port: nil))
    return try pull.boundPort()
  }

  /// Connects to the next rank if it has said by now where it listens.
  private func lookForNext() throws(CollectiveError) {
    guard let door = search else { return }
    let rank = door.meeting.rank
    do {
      guard let found = try door.findNext() else { return }
      guard let security = door.security.client(of: found) else { throw Self.leak(to: found, rank: rank) }
      if found.address.isVersion6 { try push.allowVersion6() }
      try push.secure(as: security)
      try push.queueOnlyForPeers()
      try push.connect(to: found.endpoint)
      search = nil
    } catch let refusal as PrivateFile.Refusal {
      throw .setup(rank: rank, detail: refusal.detail)
    } catch let error as CollectiveError {
      throw error
    } catch {
      throw .setup(rank: rank, detail: "\(error)")
    }
  }

  private static func leak(to next: RingAnnouncement, rank: Int) -> CollectiveError {
    .setup(
      rank: rank,
      detail:
        "the next rank listens at \(next.address), beyond this host, where nothing may go in the clear; "
        + "give all ranks addresses beyond loopback, or none")
  }

  /// What a rank says whom the next rank does not let in.
  private static func refused(rank: Int, size: Int) -> CollectiveError {
    .setup(
      rank: rank,
      detail:
        "rank \((rank + 1) % size) refused its key or secret: the two ranks read secrets of different runs; "
        + "start both from one folder")
  }
}

/// What the ring's sockets may use; memory and speed depend on it, correctness does not.
struct SocketTuning {
  /// The most bytes of content in one message.
  var segmentBytes = RingGrain().segmentBytes
  /// The messages that each socket queues.
  var queueLength = 8
  /// Threads that move the messages; a connection uses one.
  var ioThreads = 1
  /// The kernel's buffers of each connection, in bytes; nil leaves them to the kernel, which lets them grow.
  var sendBuffer: Int?
  var receiveBuffer: Int?

  /// For connections within one host, where what does not fit the processor's caches is slow: measured as the best of
  /// 64 KiB to 4 MiB.
  static var loopback: SocketTuning {
    var tuning = SocketTuning()
    tuning.sendBuffer = 262_144
    tuning.receiveBuffer = 262_144
    return tuning
  }

  /// The largest message: besides a segment, room for the header and for the words of an abort notice.
  var largestMessage: Int { segmentBytes + 65_536 }
}
