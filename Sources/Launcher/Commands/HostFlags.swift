import ArgumentParser
import Flags
import System

/// The flags of a run on several hosts, with torchrun's names; a cluster's scheduler may give the same by
/// variables.
struct HostFlags: ParsableArguments {
  @Option(
    name: .customLong("nnodes"),
    help: ArgumentHelp(
      "How many hosts take part, with a launcher each and as many workers. (default: 1, or what srun, mpirun or "
        + "Kubernetes says) Of 2:4 two are enough, as with --min-nnodes 2.", valueName: "n|n:n"),
    transform: Self.parseCount)
  var count: HostCount?

  @Option(
    name: .customLong("min-nnodes"),
    help: ArgumentHelp(
      "Go on with so many hosts at the least where others do not come in time, with the same images in each update. "
        + "(default: all)", valueName: "n"))
  var least: Int?

  @Option(
    name: .customLong("node-rank"),
    help: ArgumentHelp("Which of them this one is, from 0. (default: as told likewise)", valueName: "n"))
  var host: Int?

  @Option(
    name: .customLong("rdzv-endpoint"),
    help: ArgumentHelp(
      "Where the launchers meet: a name or an address of host 0, and a free port there.",
      valueName: "host:port"),
    transform: Self.parseMeeting)
  var meeting: MeetingPoint?

  @Option(
    name: .customLong("rdzv-key-file"),
    help: ArgumentHelp(
      "The file of the key by which launchers know one another, the same on all hosts. (default: $TWINS_RDZV_KEY, or none)",
      valueName: "file"),
    transform: withHomeFolder)
  var keyFile: String?

  @Option(
    help: ArgumentHelp(
      "How long all hosts may take to come, and host 0 to come back.", valueName: "seconds"))
  var joinTimeout = 600.0

  @Option(help: ArgumentHelp("After so long without a sign of life a host is lost.", valueName: "seconds"))
  var hostTimeout = 10.0

  @Option(
    help: ArgumentHelp(
      "How long a lost host, or another one in its place, is waited for.", valueName: "seconds"))
  var hostWait = 300.0

  func validate() throws {
    if let least, least < 1 { throw ValidationError("--min-nnodes has to be at least 1, and is \(least).") }
    if let least, let other = count?.least, least != other {
      throw ValidationError(
        "--min-nnodes \(least) and --nnodes \(other):\(count?.most ?? 0) contradict each other.")
    }
    if let host, host < 0 { throw ValidationError("--node-rank has to be at least 0, and is \(host).") }
    for (name, value, least) in [
      ("join-timeout", joinTimeout, 1), ("host-timeout", hostTimeout, 3), ("host-wait", hostWait, 0),
    ] as [(String, Double, Double)] where !(least...604_800).contains(value) {
      throw ValidationError(
        "--\(name) has to lie between \(Int(least)) seconds and a week, and is \(value).")
    }
  }

  /// The flags' values, for `HostPlan`.
  var clues: HostClues {
    HostClues(
      hosts: count.map { .init(value: $0.most, source: "--nnodes") },
      least: (least ?? count?.least).map {
        .init(value: $0, source: least == nil ? "--nnodes" : "--min-nnodes")
      },
      host: host.map { .init(value: $0, source: "--node-rank") },
      meeting: meeting.map { .init(value: $0, source: "--rdzv-endpoint") })
  }

  var timeouts: HostTimeouts {
    HostTimeouts(join: .seconds(joinTimeout), silence: .seconds(hostTimeout), wait: .seconds(hostWait))
  }

  static let names = [
    "--nnodes", "--min-nnodes", "--node-rank", "--rdzv-endpoint", "--rdzv-key-file", "--join-timeout",
    "--host-timeout",
    "--host-wait",
  ]

  private static func parseCount(_ text: String) throws -> HostCount {
    guard let count = HostCount(text) else {
      throw ValidationError(
        "It has to be a number of hosts from 1 on, or the fewest and the most, as in 2:4.")
    }
    return count
  }

  private static func parseMeeting(_ text: String) throws -> MeetingPoint {
    guard let meeting = MeetingPoint(text) else {
      throw ValidationError("It has to be HOST:PORT, with an address of IPv6 in brackets: [fd00::1]:29400.")
    }
    return meeting
  }
}
