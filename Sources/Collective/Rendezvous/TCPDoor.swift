internal import Wire

/// What a rank needs to meet its neighbours over TCP.
struct TCPDoor {
  let meeting: RingMeeting
  let claim: SocketClaim
  let address: IPAddress
  let security: RingSecurity
  /// The random name of this listener.
  let token = RingSecrets.randomText()
  /// Whether anybody checks who comes; false only to test that the rank then does not start.
  var hasAuthenticator = true
  /// How long this rank's own check that strangers are refused may take.
  var refusalLimit = Duration.seconds(5)

  /// Checks the address and the folder, claims the rank's place, and reads the secrets.
  init(_ meeting: RingMeeting) throws(CollectiveError) {
    self.meeting = meeting
    do {
      try SocketClaim.checkPrivate(directory: meeting.directory)
      address = try Self.address(meeting.address)
      security = try RingSecurity(for: address, meeting)
      claim = try SocketClaim(path: RingGroup.socketPath(of: meeting.rank, in: meeting.directory))
    } catch let refusal as SocketClaim.Refusal {
      throw .setup(rank: meeting.rank, detail: refusal.detail)
    } catch let refusal as PrivateFile.Refusal {
      throw .setup(rank: meeting.rank, detail: refusal.detail)
    } catch {
      throw .setup(rank: meeting.rank, detail: "\(error)")
    }
    if let obstacle = address.obstacle { throw .noRoute(detail: Self.words(address, obstacle)) }
  }

  private static func address(_ text: String) throws(SocketClaim.Refusal) -> IPAddress {
    guard let address = IPAddress(text), !address.isUnspecified else {
      throw SocketClaim.Refusal(
        detail: "'\(text)' is not one numeric address of this host; give one such as 127.0.0.1 or 192.0.2.7")
    }
    return address
  }

  /// Without this, the check that strangers are refused would wait for one who cannot come.
  private static func words(_ address: IPAddress, _ obstacle: String) -> String {
    let cause =
      address.isLoopback
      ? "Likely the loopback interface is down, as in a network namespace that was just made: 'ip link set lo up' "
        + "brings it up" : "Likely its interface is down: 'ip address' shows them"
    return
      "nothing can be sent to \(address) from here: \(obstacle). \(cause). --transport shm and ipc need no network"
  }

  /// Says where this rank listens.
  func announce(port: UInt16) throws(PrivateFile.Refusal) {
    let announcement = RingAnnouncement(
      run: meeting.run, generation: meeting.generation, address: address, port: port, token: token)
    try PrivateFile.replace(claim.announcementPath, with: announcement.text)
  }

  /// Where the next rank listens, once it has said so.
  func findNext() throws(PrivateFile.Refusal) -> RingAnnouncement? {
    let next = RingGroup.socketPath(of: (meeting.rank + 1) % meeting.size, in: meeting.directory)
    return try PrivateFile.read(SocketClaim.announcementPath(of: next))
      .flatMap { RingAnnouncement($0, run: meeting.run, generation: meeting.generation) }
  }
}
