import Recipe
import Wire

/// Why ranks of one or several hosts cannot start or continue, for a reason other than their own failure.
struct HostFault: Equatable, Codable, Sendable {
  /// The hosts' numbers.
  let hosts: [Int]
  let kind: Kind
  /// A clause whose subject is the hosts.
  let reason: String
  /// A possible cause; nil where the reason states it.
  let likely: String?
  /// The exit status of the run.
  let status: CInt

  init(of hosts: [Int], _ kind: Kind, reason: String, likely: String? = nil, status: CInt? = nil) {
    (self.hosts, self.kind, self.reason) = (hosts, kind, reason)
    self.likely = likely ?? kind.likely
    self.status = status ?? kind.status.rawValue
  }

  enum Kind: String, Codable, Sendable {
    /// It is heard no more.
    case lost
    /// It did not come back in time for another attempt.
    case missing
    /// It has not come to the first attempt in time, or was not ready for it.
    case late
    /// It does not fit the others, before there was a first attempt.
    case refused
    /// It lacks something of its own, before there was a first attempt.
    case unable
    /// Host 0's own socket has failed.
    case unheard
  }

  /// Of hosts from which nothing comes any more, since host 0's own socket has failed.
  init(deafTo hosts: [Int], _ error: WireError) {
    let names = HostPlaces.names(of: hosts)
    self.init(of: hosts, .unheard, reason: "\(names) cannot be heard any more: \(error)")
  }

  /// The heading of a report.
  var heading: String { "\(HostPlaces.names(of: hosts)) \(kind.verdict(ofMany: hosts.count > 1))" }

  var explanation: Explanation {
    Explanation(cause: likely ?? reason, nextStep: kind.nextStep(ofMany: hosts.count > 1))
  }
}

extension HostFault.Kind {
  fileprivate func verdict(ofMany: Bool) -> String {
    switch self {
    case .lost: ofMany ? "were lost" : "was lost"
    case .missing: "did not come back"
    case .late: "did not come"
    case .refused: "cannot take part"
    case .unable: "cannot start"
    case .unheard: "cannot be heard"
    }
  }

  fileprivate var likely: String? {
    switch self {
    case .refused: "the launchers were not started alike"
    // The host's own launcher has said why.
    case .unable: nil
    case .unheard: "the machine of host 0 is short of something, as of memory; `dmesg` may say more"
    case .late: "the launcher does not run there, or does not reach that address"
    case .lost, .missing:
      "the host is down, its launcher was ended or held, or the network between the hosts is cut"
    }
  }

  fileprivate var status: ExitStatus {
    switch self {
    case .late, .refused: .badConfiguration
    case .lost, .missing, .unable: .software
    case .unheard: .inputOutput
    }
  }

  fileprivate func nextStep(ofMany: Bool) -> Explanation.NextStep {
    let these = ofMany ? "those hosts" : "that host"
    return switch self {
    case .refused: .again(after: "mending what this names")
    case .unable: .again(after: "mending this on \(these)")
    case .late: .again(after: "seeing to \(these)")
    case .lost, .missing: .resume(after: "seeing to \(these)")
    case .unheard: .resume(after: "seeing to host 0")
    }
  }
}
