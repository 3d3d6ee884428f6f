internal import Wire

extension ZeroMQTransport {
  /// Listens at a free port, checks that strangers are refused there, and says where it is.
  ///
  /// The next rank is looked for, and connected to, while this one waits for messages.
  convenience init(door: TCPDoor, tuning wished: SocketTuning? = nil) throws(CollectiveError) {
    let tuning = wished ?? (door.address.isLoopback ? .loopback : SocketTuning())
    do {
      try self.init(claim: door.claim, tuning: tuning)
      let port = try listen(at: door)
      try checkRefusal(at: .tcp(door.address, port: port), of: door)
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
  func lookForNext() throws(CollectiveError) {
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
