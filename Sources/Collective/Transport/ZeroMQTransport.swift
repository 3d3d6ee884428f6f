internal import Glibc
internal import Wire

/// A rank's two ZeroMQ sockets in a ring: PUSH to the next rank, PULL from the previous one.
///
/// ZeroMQ would silently reconnect and lose messages in between. So the first lost connection is final, and
/// nobody can connect twice. ZeroMQ's heartbeats are off: they close connections of ranks that are busy
/// computing.
final class ZeroMQTransport: RingTransport {
  private let context: Context
  private let pathLock: SocketPathLock
  private var push: Socket
  private var pull: Socket
  private var pushMonitor: ConnectionMonitor
  private var pullMonitor: ConnectionMonitor
  private var next = NeighbourConnection()
  private var previous = NeighbourConnection()
  private(set) var lostNeighbours: RingNeighbours = []
  /// Over TCP, where to look for the next rank's address, until it is found.
  private var search: TCPRendezvous?
  /// Over TCP, the error to throw if the next rank refuses this one.
  private var refusal = CollectiveError.system(detail: "the next rank refused the connection")
  /// Over TCP, authenticates the previous rank.
  private var authenticator: Authenticator?

  /// Makes sockets that are not connected yet.
  private init(pathLock: SocketPathLock, tuning: SocketTuning) throws(WireError) {
    self.pathLock = pathLock
    context = try Context(ioThreads: tuning.ioThreads)
    push = try Socket(.push, in: context)
    pull = try Socket(.pull, in: context)
    pushMonitor = try ConnectionMonitor(of: push, in: context)
    pullMonitor = try ConnectionMonitor(of: pull, in: context)
    try configure(tuning)
  }

  /// Listens at the claimed path and connects, in the background, to the next rank's path.
  convenience init(pathLock: SocketPathLock, next: Endpoint, tuning: SocketTuning = SocketTuning())
    throws(WireError)
  {
    try self.init(pathLock: pathLock, tuning: tuning)
    try pull.acceptOnly(user: getuid())
    try pull.bind(to: .ipc(path: pathLock.path))
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

  /// Stops admitting connections, once the previous rank has connected.
  func stopListening() {
    authenticator?.admitNobody()
    pathLock.hideSocket()
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
    // The next rank's announcement is a file, which poll cannot wait for: look again soon.
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
    pathLock.release()
  }
}

extension ZeroMQTransport {
  /// Listens at a free port, checks that strangers are refused there, and announces the port.
  ///
  /// The next rank is looked for, and connected to, while this one waits for messages.
  convenience init(rendezvous: TCPRendezvous, tuning wished: SocketTuning? = nil) throws(CollectiveError) {
    let tuning = wished ?? (rendezvous.address.isLoopback ? .loopback : SocketTuning())
    do {
      try self.init(pathLock: rendezvous.pathLock, tuning: tuning)
      let port = try listen(at: rendezvous)
      try AuthenticationSelfTest(of: rendezvous, in: context).run(at: .tcp(rendezvous.address, port: port))
      try rendezvous.announce(port: port)
    } catch let refusal as PrivateFile.Refusal {
      throw .setup(rank: rendezvous.ring.rank, detail: refusal.detail)
    } catch let error as CollectiveError {
      throw error
    } catch {
      throw .setup(rank: rendezvous.ring.rank, detail: "\(error)")
    }
    search = rendezvous
    refusal = Self.refused(rendezvous.ring)
  }

  private func listen(at rendezvous: TCPRendezvous) throws(WireError) -> UInt16 {
    if rendezvous.hasAuthenticator {
      authenticator = try Authenticator(
        admitting: rendezvous.security.admission(token: rendezvous.token), in: context)
    }
    if rendezvous.address.isVersion6 { try pull.allowVersion6() }
    try pull.secure(as: rendezvous.security.server)
    try pull.bind(to: .tcp(rendezvous.address, port: nil))
    return try pull.boundPort()
  }

  /// Connects to the next rank if that has announced where it listens.
  private func lookForNext() throws(CollectiveError) {
    guard let rendezvous = search else { return }
    let rank = rendezvous.ring.rank
    do {
      guard let found = try rendezvous.findNext() else { return }
      guard let security = rendezvous.security.client(of: found) else {
        throw Self.leak(to: found, rank: rank)
      }
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

  /// The error of a rank that the next rank refuses.
  private static func refused(_ ring: RingRendezvous) -> CollectiveError {
    .setup(
      rank: ring.rank,
      detail:
        "rank \(ring.firstRank + (ring.rank + 1) % ring.size) refused its key or secret: the two ranks read secrets of different runs; "
        + "start both from one folder")
  }
}

/// Settings of the ring's sockets that affect memory and speed, but not results.
struct SocketTuning {
  /// The largest payload of a message, in bytes.
  var segmentBytes = RingGrain().segmentBytes
  /// The number of messages that each socket queues.
  var queueLength = 8
  /// The number of threads that move messages; a connection uses one.
  var ioThreads = 1
  /// The kernel's buffers of each connection, in bytes; nil lets the kernel size them as it likes.
  var sendBuffer: Int?
  var receiveBuffer: Int?

  /// Settings for connections within one host, where data that exceeds the processor's caches is slow; 256
  /// KiB was the fastest of 64 KiB to 4 MiB.
  static var loopback: SocketTuning {
    var tuning = SocketTuning()
    tuning.sendBuffer = 262_144
    tuning.receiveBuffer = 262_144
    return tuning
  }

  /// The largest message, in bytes: a segment, with room for the header and for the text of an abort notice.
  var largestMessage: Int { segmentBytes + 65_536 }
}
