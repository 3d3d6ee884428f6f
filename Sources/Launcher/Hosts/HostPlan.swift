import Recipe
import RunControl
import Wire

/// The number of a run's hosts, this host's number, and the launchers' meeting point. Pure, from flags and
/// environment.
struct HostPlan: Equatable, Sendable {
  let hosts: Int
  /// This host's number, from 0.
  let host: Int
  let meeting: MeetingPoint
  /// The least number of hosts with which the run continues when others are gone.
  let least: Int
  /// The flag or variable that gave the host's number.
  let source: String

  /// A larger number is taken for a typing error; ranks have 16 bits.
  static let mostHosts = 4096

  init(
    hosts: Int, host: Int, meeting: MeetingPoint, least: Int? = nil, source: String = "--node-rank"
  ) {
    (self.hosts, self.host, self.meeting, self.source) = (hosts, host, meeting, source)
    self.least = least ?? hosts
  }

  /// A line for the user at the start.
  var line: String {
    "host \(host) of \(hosts), by \(source); host 0 is met at \(meeting)"
      + (least < hosts ? "; \(least == 1 ? "one is" : "\(least) are") enough to go on" : "")
  }
}

extension HostPlan {
  /// The plan by flags and environment; nil where the run has one host.
  ///
  /// Where both give a value they must agree: otherwise one would be wrong on some host, and all would wait
  /// for it.
  static func found(flags: HostClues, environment: [String: String]) throws(LaunchError) -> HostPlan? {
    let outer = try HostClues(environment: environment)
    guard let hosts = try agreed(flags.hosts, outer.hosts), hosts.value > 1 else {
      try requireNothingElse(flags)
      return nil
    }
    guard hosts.value <= mostHosts else {
      throw LaunchError(
        "\(named(hosts)) is more than \(mostHosts), the most that a run may have.", exitStatus: .usage)
    }
    guard let host = try agreed(flags.host, outer.host) else {
      throw LaunchError(
        "\(named(hosts)), and nothing says which of them this one is: give each --node-rank, from 0 to "
          + "\(hosts.value - 1).", exitStatus: .usage)
    }
    guard (0..<hosts.value).contains(host.value) else {
      throw LaunchError(
        "\(named(host)), but with \(named(hosts)) hosts are numbered from 0 to \(hosts.value - 1).",
        exitStatus: .usage)
    }
    guard let meeting = try agreed(flags.meeting, outer.meeting) ?? outer.usualMeeting else {
      throw LaunchError(
        "\(named(hosts)), and nothing says where they meet: give all of them the same --rdzv-endpoint HOST:PORT, a name or "
          + "an address of host 0 and a free port there.", exitStatus: .usage)
    }
    guard IPAddress(meeting.value.host)?.isUnspecified != true else {
      throw LaunchError(
        "\(named(meeting)): that stands for all addresses of any host, and the others need one that leads to host 0.",
        exitStatus: .usage)
    }
    let least = try agreed(flags.least, outer.least)
    if let least, least.value > hosts.value {
      throw LaunchError("\(named(least)) is more than \(named(hosts)).", exitStatus: .usage)
    }
    return HostPlan(
      hosts: hosts.value, host: host.value, meeting: meeting.value, least: least?.value, source: host.source)
  }

  private static func requireNothingElse(_ flags: HostClues) throws(LaunchError) {
    guard flags.hosts == nil else {
      guard let host = flags.host, host.value != 0 else { return }
      throw LaunchError("\(named(host)), but the run has one host: --nnodes 1.", exitStatus: .usage)
    }
    guard let alone = flags.host.map(named) ?? flags.meeting.map(named) ?? flags.least.map(named) else {
      return
    }
    throw LaunchError(
      "\(alone) is of use with several hosts only, and nothing says how many: give --nnodes too.",
      exitStatus: .usage)
  }

  private static func agreed<Value: Equatable>(
    _ flag: HostClues.Clue<Value>?, _ variable: HostClues.Clue<Value>?
  ) throws(LaunchError) -> HostClues.Clue<Value>? {
    guard let flag, let variable, flag.value != variable.value else { return flag ?? variable }
    throw LaunchError(
      "\(named(flag)), but \(named(variable)) in the environment. Leave the flag out, or unset the variable.",
      exitStatus: .usage)
  }

  /// `--nnodes 4` or `PET_NNODES=4`.
  private static func named<Value>(_ clue: HostClues.Clue<Value>) -> String {
    clue.source.hasPrefix("-") ? "\(clue.source) \(clue.value)" : "\(clue.source)=\(clue.value)"
  }
}
