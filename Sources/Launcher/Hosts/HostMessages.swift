import FoundationEssentials
import RunControl

/// A message of another host's launcher to host 0, which decides for all.
enum HostMessage: Codable, Sendable {
  /// It has come, and takes part once host 0 accepts it.
  case join(HostDescription)
  /// It has come but cannot take part, through no fault of the others.
  case unable(HostTrouble)
  /// Everything that its ranks need in this attempt is ready.
  case begun(attempt: Int)
  /// One of its ranks has ended; with what its launcher knows about a failure.
  case ended(attempt: Int, rank: Int, Ending, WorkerFacts?)
  case hung([Hang])
  case stopRequested(StopRequest)
  case checkpointRequested
  /// It is still there, with the state of its ranks.
  case beat([RunStatus.Rank])
  /// It knows how the run ended, and leaves.
  case farewell(host: Int)
}

/// Why a host cannot start, as its launcher found before it came to the meeting.
struct HostTrouble: Codable, Equatable, Sendable {
  let host: Int
  /// The host's own name, for messages.
  let name: String
  let reason: String
  /// The exit status of its launcher, and then of all.
  let status: Int32
}

/// What host 0 tells the launcher of another host.
enum HostOrder: Codable, Sendable {
  case welcome(HostWelcome)
  /// It cannot take part, for this reason, which may be its own.
  case refuse(String)
  /// Get ready what an attempt needs; to be answered by `begun`, or by the end of a rank.
  case begin(AttemptOrder)
  case launch(rank: Int)
  case signal(Signal, rank: Int)
  /// A rank of another host has failed in this attempt, for the workers to know.
  case failed(rank: Int)
  /// The attempt has failed, as the text says, and another one follows.
  case retry(String)
  /// The run is over, as the text says, with this status on all hosts.
  case finish(status: Int32, String)
  /// Host 0 has counted it as lost: end the workers, and come anew.
  case rejoin
  case beat
}

/// The answer to a host that takes part.
struct HostWelcome: Codable, Equatable, Sendable {
  var run: String
  /// Host 0's name.
  var first: String
  /// The run's output folder; nil where it writes no files.
  var output: String?
}

/// What all hosts need to know about an attempt.
struct AttemptOrder: Codable, Equatable, Sendable {
  var run: String
  /// Counted from 0.
  var number: Int
  /// The address of the store in which all workers find one another: host 0's, as others reach it.
  var storeAddress: String
  var storePort: UInt16
  /// A port that was free on host 0, for programs that need MASTER_PORT.
  var masterPort: UInt16
  /// The hosts that take part; others wait for the next attempt.
  var places: HostPlaces
  /// Whether to resume from the newest checkpoint. Host 0 decides, since others might see an outdated state
  /// of a shared disk.
  var goesOn: Bool
}

/// Encodes and decodes messages.
enum HostWire {
  /// More than the messages of a host's ranks need.
  static let longestMessage = 1 << 20

  static func bytes(of message: some Encodable) -> [UInt8] {
    do {
      return Array(try JSONEncoder().encode(message))
    } catch {
      preconditionFailure("a message is always JSON: \(error)")
    }
  }

  /// Nil for a message of another version or of a stranger.
  static func message<Message: Decodable>(_ type: Message.Type, _ bytes: [UInt8]) -> Message? {
    try? JSONDecoder().decode(type, from: Data(bytes))
  }
}

extension AttemptOrder {
  /// What a host says that takes no part.
  var absenceLine: String {
    "attempt \(number) runs on \(HostPlaces.names(of: places.hosts)) alone; this host takes part from the next start on"
  }
}

extension HostWelcome {
  /// What a host says that was let in.
  func line(to host: HostDescription, _ plan: HostPlan) -> String {
    "run \(run): host \(plan.host) of \(plan.hosts) at \(host.address), host 0 at \(host.dialled)"
  }
}
