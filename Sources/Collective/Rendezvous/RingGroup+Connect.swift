internal import System
internal import Wire

extension RingGroup {
  /// Joins the ring through sockets in the rendezvous's folder; returns when all ranks have met.
  ///
  /// While the ring forms, the folder holds a socket and a lock file for each rank; afterwards only the
  /// locks, which ``close()`` removes.
  ///
  /// - Throws: ``CollectiveError/setup(rank:detail:)`` when the folder or a path cannot be used; otherwise
  ///   what any operation throws: a timeout names a rank that did not come.
  public static func connect(_ rendezvous: RingRendezvous) throws(CollectiveError) -> RingGroup {
    var (own, ownsFolder) = (rendezvous, false)
    // Once all have met nobody needs it, nor where they have failed to.
    defer { if ownsFolder { own.removeFolder() } }
    let (group, transport): (RingGroup, ZeroMQTransport)
    do throws(CollectiveError) {
      if own.isUnattended {
        try own.makeMeetingPlace()
        ownsFolder = own.rank == 0
      }
      (group, transport) = try form(own)
    } catch {
      throw error.renumbered(from: own.firstRank)
    }
    try group.join(within: own.deadline)
    transport.stopListening()
    return group
  }

  /// A group whose ranks have not met yet.
  private static func form(_ rendezvous: RingRendezvous) throws(CollectiveError) -> (
    RingGroup, ZeroMQTransport
  ) {
    let memory = try sharedMemory(for: rendezvous)
    // Messages are megabytes each: without this, malloc would ask the kernel for fresh, zeroed pages for
    // every one.
    if memory == nil { keepMallocMemory() }
    let transport =
      rendezvous.transport == .tcp
      ? try ZeroMQTransport(rendezvous: TCPRendezvous(rendezvous))
      : try listen(directory: rendezvous.directory, rank: rendezvous.rank, size: rendezvous.size)
    let group = RingGroup(
      transport: transport, rank: rendezvous.rank, size: rendezvous.size, run: rendezvous.run,
      generation: rendezvous.generation, timeouts: rendezvous.timeouts, grain: RingGrain(),
      gradientWire: rendezvous.sendsSums ? rendezvous.gradientWire : .float32,
      sharedBuffers: memory.map {
        SharedBuffers(in: $0, orElseSockets: rendezvous.transport == .auto && rendezvous.sumOrder.isWhole)
      },
      sumGroup: rendezvous.sumGroup, firstRank: rendezvous.firstRank)
    return (group, transport)
  }

  /// Waits until this rank has verified its previous rank, and a signal of its own has gone all the way round
  /// the ring.
  func join(within deadline: Duration) throws(CollectiveError) {
    let nothing = UnsafeMutableRawBufferPointer(start: nil, count: 0)
    try perform(.hello, plan: .roundTrip(rank: rank, size: size), on: nothing, silence: deadline)
  }

  /// Claims this rank's socket path, listens there, and connects to the next rank's path.
  static func listen(
    directory: String, rank: Int, size: Int, segmentBytes: Int = RingGrain().segmentBytes,
    queueLength: Int = 8
  ) throws(CollectiveError) -> ZeroMQTransport {
    do {
      try SocketPathLock.checkPrivate(directory: directory)
      let next = try Endpoint.ipc(path: socketPath(of: (rank + 1) % size, in: directory))
      let pathLock = try SocketPathLock(path: socketPath(of: rank, in: directory))
      return try ZeroMQTransport(
        pathLock: pathLock, next: next,
        tuning: SocketTuning(segmentBytes: segmentBytes, queueLength: queueLength))
    } catch let refusal as SocketPathLock.Refusal {
      throw .setup(rank: rank, detail: refusal.detail)
    } catch {
      throw .setup(rank: rank, detail: "\(error)")
    }
  }

  static func socketPath(of rank: Int, in directory: String) -> String {
    "\(directory)/\(socketPrefix)\(rank)"
  }

  private static let socketPrefix = "ring-"

  /// Whether a file of that name in the rendezvous's folder may be left over from killed ranks: a socket, its
  /// lock, a secret.
  public static func mayLeave(_ name: String) -> Bool {
    name.hasPrefix(socketPrefix) || RingSecrets.isName(name)
  }
}
