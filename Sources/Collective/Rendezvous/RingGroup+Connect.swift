internal import Wire

extension RingGroup {
  /// Joins the ring: returns when all ranks have met, through sockets in the meeting's folder.
  ///
  /// While the ring forms the folder holds a socket and a lock file for each rank; afterwards only the locks, which
  /// ``close()`` removes.
  ///
  /// - Throws: ``CollectiveError/setup(rank:detail:)`` when the folder or path cannot be used, and otherwise what an
  ///   operation throws: a timeout names a rank that did not come.
  public static func connect(_ meeting: RingMeeting) throws(CollectiveError) -> RingGroup {
    let memory = try sharedMemory(for: meeting)
    let transport =
      meeting.transport == .tcp
      ? try ZeroMQTransport(door: TCPDoor(meeting))
      : try listen(directory: meeting.directory, rank: meeting.rank, size: meeting.size)
    let group = RingGroup(
      transport: transport, rank: meeting.rank, size: meeting.size, run: meeting.run,
      generation: meeting.generation, timeouts: meeting.timeouts, grain: RingGrain(),
      gradientWire: meeting.sendsSums ? meeting.gradientWire : .float32,
      sharedBuffers: memory.map { SharedBuffers(in: $0, orElseSockets: meeting.transport == .auto) })
    try group.join(within: meeting.deadline)
    transport.stopListening()
    return group
  }

  /// Waits until every rank has joined, has found its previous rank to be the right one, and is heard by its next.
  func join(within deadline: Duration) throws(CollectiveError) {
    let nothing = UnsafeMutableRawBufferPointer(start: nil, count: 0)
    try perform(.hello, plan: .roundTrip(rank: rank, size: size), on: nothing, silence: deadline)
  }

  /// Claims this rank's socket path, listens there and connects to the next rank's.
  static func listen(
    directory: String, rank: Int, size: Int, segmentBytes: Int = RingGrain().segmentBytes,
    queueLength: Int = 8
  ) throws(CollectiveError) -> ZeroMQTransport {
    do {
      try SocketClaim.checkPrivate(directory: directory)
      let next = try Endpoint.ipc(path: socketPath(of: (rank + 1) % size, in: directory))
      let claim = try SocketClaim(path: socketPath(of: rank, in: directory))
      return try ZeroMQTransport(
        claim: claim, next: next, tuning: SocketTuning(segmentBytes: segmentBytes, queueLength: queueLength))
    } catch let refusal as SocketClaim.Refusal {
      throw .setup(rank: rank, detail: refusal.detail)
    } catch {
      throw .setup(rank: rank, detail: "\(error)")
    }
  }

  static func socketPath(of rank: Int, in directory: String) -> String { "\(directory)/ring-\(rank)" }
}
