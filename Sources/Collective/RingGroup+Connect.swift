internal import Wire

extension RingGroup {
  /// Joins the ring of one host: returns when all `size` ranks have met, through sockets in `directory`.
  ///
  /// The folder must exist, belong to this user and be closed to others (mode 0700); it must be of this run alone, and
  /// its path short, as a socket's path has at most 107 bytes. While the ring forms it holds a socket and a lock file
  /// for each rank; afterwards only the locks, which ``close()`` removes.
  ///
  /// - Parameters:
  ///   - rank: This process's place; every rank from 0 to `size` - 1 must call.
  ///   - run: The run's name; a rank of another run is refused.
  ///   - generation: How often the run has started its workers; a rank of another start is refused.
  ///   - deadline: The longest wait for a rank that is not there yet; it counts anew as others arrive.
  /// - Throws: ``CollectiveError/setup(rank:detail:)`` when the folder or path cannot be used, and otherwise what an
  ///   operation throws: a timeout names a rank that did not come.
  public static func connect(
    directory: String, rank: Int, size: Int, run: String, generation: Int,
    deadline: Duration = .seconds(60), timeouts: Timeouts = Timeouts()
  ) throws(CollectiveError) -> RingGroup {
    let transport = try listen(directory: directory, rank: rank, size: size)
    let group = RingGroup(
      transport: transport, rank: rank, size: size, run: run, generation: generation, timeouts: timeouts)
    try group.join(within: deadline)
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
        claim: claim, next: next, segmentBytes: segmentBytes, queueLength: queueLength)
    } catch let refusal as SocketClaim.Refusal {
      throw .setup(rank: rank, detail: refusal.detail)
    } catch {
      throw .setup(rank: rank, detail: "\(error)")
    }
  }

  private static func socketPath(of rank: Int, in directory: String) -> String { "\(directory)/ring-\(rank)" }
}
