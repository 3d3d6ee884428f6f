import Recipe

/// Why the ranks of a host cannot go on, or begin: not by their own doing.
struct HostFault: Equatable, Codable, Sendable {
  /// Its number.
  let host: Int
  let kind: Kind
  /// A clause that begins with the host.
  let reason: String
  /// With which the run ends on its account.
  let status: CInt

  init(of host: Int, _ kind: Kind, reason: String, status: CInt? = nil) {
    (self.host, self.kind, self.reason) = (host, kind, reason)
    self.status = status ?? (kind == .refused ? ExitStatus.badConfiguration : .software).rawValue
  }

  enum Kind: String, Codable, Sendable {
    /// It is heard no more.
    case lost
    /// It did not come back in time for another attempt.
    case missing
    /// It has not come, or does not fit the others, before there was a first attempt.
    case refused
    /// It lacks something of its own, before there was a first attempt.
    case unable
  }

  /// In a report's heading, after the host's number.
  var verdict: String {
    switch kind {
    case .lost: "was lost"
    case .missing: "did not come back"
    case .refused: "cannot take part"
    case .unable: "cannot start"
    }
  }

  var explanation: Explanation {
    switch kind {
    case .refused:
      Explanation(
        cause: "the launchers were not started alike", nextStep: .again(after: "mending what this names"))
    case .unable:
      Explanation(
        cause: "what the other hosts have is not there", nextStep: .again(after: "mending this on that host"))
    case .lost, .missing:
      Explanation(
        cause: "the host is down, its launcher was ended or held, or the network between the hosts is cut",
        nextStep: .resume(after: "seeing to that host"))
    }
  }
}
