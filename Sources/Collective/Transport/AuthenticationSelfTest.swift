internal import Wire

/// A knock at a rank's own rendezvous as a stranger, who must be turned away before anybody else is let in.
///
/// ZeroMQ lets everybody in when nobody answers its question; this is what notices.
struct AuthenticationSelfTest {
  private let rendezvous: TCPRendezvous
  private let context: Context

  /// Checks the rendezvous of a listener whose sockets are of `context`.
  init(of rendezvous: TCPRendezvous, in context: Context) {
    self.rendezvous = rendezvous
    self.context = context
  }

  /// Throws unless a stranger is turned away at `endpoint`.
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
