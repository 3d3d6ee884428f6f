internal import Wire

extension ZeroMQTransport {
  /// Knocks at this rank's own door as a stranger, who must be turned away before anybody else is let in.
  ///
  /// ZeroMQ lets everybody in when nobody answers its question; this is what notices.
  func checkRefusal(at endpoint: Endpoint, of door: TCPDoor) throws(CollectiveError) {
    let finding: RefusalFinding
    do {
      finding = try knock(at: endpoint, as: door.security.stranger(token: door.token), door)
    } catch {
      throw .setup(rank: door.meeting.rank, detail: error.description)
    }
    guard finding != .refused else { return }
    throw .setup(
      rank: door.meeting.rank,
      detail:
        "a stranger with a wrong key was \(finding.rawValue) at \(endpoint), so the ring would not be safe: "
        + "libzmq does not authenticate here; check its version and build")
  }

  /// What became of a stranger.
  private enum RefusalFinding: String {
    case refused
    case admitted = "let in"
    case unanswered = "not refused in time"
  }

  private func knock(
    at endpoint: Endpoint, as security: SocketSecurity, _ door: TCPDoor
  ) throws(WireError) -> RefusalFinding {
    let end = ContinuousClock.now + door.refusalLimit
    let stranger = try Socket(.push, in: context)
    var monitor = try ConnectionMonitor(of: stranger, in: context)
    defer { monitor.close(watching: stranger) }
    if door.address.isVersion6 { try stranger.allowVersion6() }
    try stranger.secure(as: security)
    try stranger.connect(to: endpoint)
    while true {
      switch try monitor.next() {
      case .handshakeFailed(.refused): return .refused
      case .handshakeSucceeded: return .admitted
      case nil: guard try PollItem.wait(for: [monitor.pollItem], until: end) else { return .unanswered }
      default: if ContinuousClock.now > end { return .unanswered }
      }
    }
  }
}
