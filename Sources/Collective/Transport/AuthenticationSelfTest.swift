internal import Wire

/// Connects to a rank's own listener as a stranger, who must be refused before anybody else is let in.
///
/// ZeroMQ admits everybody if no authenticator answers its requests; this test notices that.
struct AuthenticationSelfTest {
  private let rendezvous: TCPRendezvous
  private let context: Context

  /// Prepares the test for a listener whose sockets belong to `context`.
  init(of rendezvous: TCPRendezvous, in context: Context) {
    self.rendezvous = rendezvous
    self.context = context
  }

  /// Throws unless a stranger is refused at `endpoint`.
  func run(at endpoint: Endpoint) throws(CollectiveError) {
    let finding: Finding
    do {
      finding = try knock(at: endpoint, as: rendezvous.security.stranger(token: rendezvous.token))
    } catch {
      throw .setup(rank: rendezvous.ring.rank, detail: error.description)
    }
    guard finding != .refused else { return }
    throw .setup(
      rank: rendezvous.ring.rank,
      detail:
        "a stranger with a wrong key was \(finding.rawValue) at \(endpoint), so the ring would not be safe: "
        + "libzmq does not authenticate here; check its version and build")
  }

  /// What became of a stranger.
  private enum Finding: String {
    case refused
    case admitted = "let in"
    case unanswered = "not refused in time"
  }

  private func knock(at endpoint: Endpoint, as security: SocketSecurity) throws(WireError) -> Finding {
    let end = ContinuousClock.now + rendezvous.refusalLimit
    let stranger = try Socket(.push, in: context)
    var monitor = try ConnectionMonitor(of: stranger, in: context)
    defer { monitor.close(watching: stranger) }
    if rendezvous.address.isVersion6 { try stranger.allowVersion6() }
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
