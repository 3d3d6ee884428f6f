import RunControl
import Wire

/// The other hosts that take part in a run now, and those that have gone. Pure: the caller passes who speaks,
/// and the time.
struct Roster: Sendable {
  /// Host 0, with which the others are compared.
  let first: HostDescription
  /// How long a host may be silent.
  let patience: Duration
  private var members: [Int: Member] = [:]
  private var inattention = Inattention()

  private struct Member {
    let description: HostDescription
    let peer: Socket.Peer
    var heard: Duration
    /// The attempt that it is ready for.
    var attempt: Int?
    /// The state of its ranks in its last message.
    var ranks: [RunStatus.Rank] = []
  }

  /// The result of a host's arrival.
  enum Arrival: Equatable, Sendable {
    case welcome
    /// It cannot take part, for this reason.
    case refused(String)
    /// It came before and was not missed yet; its previous connection is void.
    case again
    /// Another launcher has its number and was heard: that one must be asked whether it is still there.
    case taken(by: Socket.Peer, String)
  }

  init(_ first: HostDescription, patience: Duration) {
    (self.first, self.patience) = (first, patience)
  }

  /// Records the arrival of a host, for the first time or again.
  mutating func arrive(_ description: HostDescription, as peer: Socket.Peer, at now: Duration) -> Arrival {
    let others = members.values.map(\.description).filter { $0.host != description.host }
    if let obstacle = description.obstacle(to: first, besides: others) { return .refused(obstacle) }
    if let member = members[description.host] {
      guard member.description.launcher != description.launcher else { return .again }
      return .taken(by: member.peer, Self.duplicate(description, member.description))
    }
    members[description.host] = Member(description: description, peer: peer, heard: now)
    return .welcome
  }

  private static func duplicate(_ new: HostDescription, _ known: HostDescription) -> String {
    "\(new.title) came, and \(known.title) is there already: give each host another --node-rank."
  }

  /// Records a message from a host; returns its number, where it takes part.
  mutating func heard(_ peer: Socket.Peer, at now: Duration) -> Int? {
    guard let host = members.first(where: { $0.value.peer == peer })?.key else { return nil }
    members[host]?.heard = now
    return host
  }

  mutating func note(_ ranks: [RunStatus.Rank], of host: Int) { members[host]?.ranks = ranks }

  mutating func note(readyFor attempt: Int, host: Int) { members[host]?.attempt = attempt }

  /// Removes a host that no longer takes part.
  mutating func remove(_ host: Int) { members[host] = nil }

  /// Returns the hosts that were silent for too long while this launcher listened.
  mutating func silent(at now: Duration) -> [Int] {
    let missed = inattention.end(at: now)
    for (host, member) in members { members[host]?.heard = min(member.heard + missed, now) }
    return members.filter { now - $0.value.heard >= patience }.keys.sorted()
  }
}

extension Roster {
  /// The hosts that should take part but do not.
  var missing: [Int] { (1..<first.hosts).filter { members[$0] == nil } }

  /// Returns those of the hosts that are not yet ready for the attempt.
  func unready(for attempt: Int, of hosts: [Int]) -> [Int] {
    hosts.filter { $0 != 0 && members[$0]?.attempt != attempt }
  }

  /// The hosts that are here.
  var present: [Int] { [0] + members.keys.sorted() }

  /// The participants in order.
  var peers: [(host: Int, peer: Socket.Peer)] {
    members.map { ($0.key, $0.value.peer) }.sorted { $0.0 < $1.0 }
  }

  func peer(of host: Int) -> Socket.Peer? { members[host]?.peer }

  func description(of host: Int) -> HostDescription? { host == 0 ? first : members[host]?.description }

  /// The state of the other hosts' ranks in their last messages.
  var ranks: [RunStatus.Rank] { members.values.flatMap(\.ranks) }

  /// Host 0's address as the others reach it; nil while none has come.
  var firstAddress: String? { peers.first.flatMap { description(of: $0.host)?.dialled } }

  /// How long ago a host spoke.
  func silence(of host: Int, at now: Duration) -> Duration? { members[host].map { now - $0.heard } }
}
