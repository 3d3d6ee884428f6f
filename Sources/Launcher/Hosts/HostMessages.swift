import FoundationEssentials
import RunControl

/// What the launcher of another host tells host 0, which decides for all.
enum HostMessage: Codable, Sendable {
  /// It is there, and takes part once it is welcome.
  case join(HostDescription)
  /// It is there and cannot take part, which is no fault of the others.
  case unable(HostTrouble)
  /// It has all that its ranks need to be launched in this attempt.
  case begun(attempt: Int)
  /// How one of its ranks ended, and what its launcher knows of it where that is a failure.
  case ended(attempt: Int, rank: Int, Ending, WorkerFacts?)
  case hung([Hang])
  case stopRequested(StopRequest)
  case checkpointRequested
  /// It is there still, and so its ranks stand.
  case beat([RunStatus.Rank])
  /// It knows how the run ended, and leaves.
  case farewell(host: Int)
}

/// Why a host cannot start: what its launcher found before it came to the meeting.
struct HostTrouble: Codable, Equatable, Sendable {
  let host: Int
  /// The host's own name, for people.
  let name: String
  let reason: String
  /// With which its launcher ends, and then all.
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

/// What a host is told that takes part.
struct HostWelcome: Codable, Equatable, Sendable {
  var run: String
  /// What host 0 calls itself.
  var first: String
  /// Where its run writes; nil where nothing is kept of it.
  var output: String?
}

/// What all hosts have to know of an attempt.
struct AttemptOrder: Codable, Equatable, Sendable {
  var run: String
  /// Counted from 0.
  var number: Int
  /// Where the first worker keeps the store in which all workers find one another: host 0's address, as others reach it.
  var storeAddress: String
  var storePort: UInt16
  /// A port that was free on host 0, for programs that expect one.
  var masterPort: UInt16
  /// Which hosts take part; another one waits for the next attempt.
  var places: HostPlaces
  /// Whether to go on from the newest checkpoint. Host 0 has looked; others might see a shared disk as it was.
  var goesOn: Bool
}

/// A message as the bytes that travel.
enum HostWire {
  /// More than a host's ranks have to say.
  static let longestMessage = 1 << 20

  static func bytes(of message: some Encodable) -> [UInt8] {
    do {
      return Array(try JSONEncoder().encode(message))
    } catch {
      preconditionFailure("a message is always JSON: \(error)")
    }
  }

  /// Nil for what another version may have sent, or a stranger.
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
