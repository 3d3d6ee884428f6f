import Glibc
import Recipe
import System
import Wire

/// Host 0's side of a run on several hosts: who takes part, what they say, and what they are told.
///
/// Whatever it cannot decide is news for the supervisor, whose fleet has the ranks of all hosts.
final class HostLead {
  let plan: HostPlan
  private let timeouts: HostTimeouts
  private let workers: Int
  private let star: HostStar
  private var roster: Roster
  private var gathering: Gathering?
  private var nextBeat = Duration.zero
  /// What the launchers of other hosts told of ranks that failed in this attempt.
  private var known: [Int: WorkerFacts] = [:]
  private var attempt = 0
  private var news: [News] = []
  /// Who was not let in, and said to be so.
  private var strangers: [String] = []

  /// More than have a wrong key by mistake.
  private static let mostStrangers = 8

  /// The time between the wish to begin an attempt and all hosts' being ready for it.
  private struct Gathering {
    let deadline: Duration
    /// Once all have come.
    var order: AttemptOrder?
    /// Whether the supervisor knows that all have come.
    var isTold = false
  }

  /// What the supervisor has to know.
  enum News {
    case said(String)
    case absent(host: Int, HostFault)
    /// All have come, and none is ready for the attempt: host 0 is known by this address.
    case complete(attempt: Int, address: String)
    case ready
    case ended(rank: Int, Ending)
    case hung([Hang])
    case stopRequested(Signal, host: Int)
    case checkpointRequested
  }

  init(_ plan: HostPlan, _ own: HostDescription, _ timeouts: HostTimeouts, _ star: HostStar) {
    self.plan = plan
    self.timeouts = timeouts
    self.star = star
    workers = own.workers
    roster = Roster(own, patience: timeouts.silence)
  }

  var descriptors: [CInt] { star.descriptors }
  var hasInput: Bool { star.hasInput || !news.isEmpty }
  var deadline: Duration { min(nextBeat, gathering?.deadline ?? nextBeat) }
  /// Whether an attempt is to begin and hosts are waited for.
  var isGathering: Bool { gathering != nil }

  /// Begins an attempt once all hosts take part; news tell when.
  func gather(for attempt: Int, at now: Duration) {
    self.attempt = attempt
    known = [:]
    gathering = Gathering(deadline: now + (attempt == 0 ? timeouts.join : timeouts.wait))
    if !roster.missing.isEmpty {
      news.append(.said("waiting for \(names(of: roster.missing)) at \(plan.meeting)"))
    }
    checkComplete()
  }

  /// Has all hosts get ready for the attempt.
  func order(_ order: AttemptOrder) {
    gathering?.order = order
    tellAll(.begin(order))
  }

  /// What has come up since the last time.
  func takeNews(at now: Duration) -> [News] {
    while let (peer, message) = star.next() { take(message, from: peer, at: now) }
    while let stranger = star.nextRefusal() { say(refusalOf: stranger) }
    if now >= nextBeat {
      nextBeat = now + HostTimeouts.beat
      tellAll(.beat)
    }
    for host in roster.silent(at: now) { lose(host, "was not heard for \(elapsed(timeouts.silence))") }
    if let gathering, now >= gathering.deadline { giveUp() }
    defer { news = [] }
    return news
  }
}

extension HostLead {
  private func take(_ message: HostMessage, from peer: Socket.Peer, at now: Duration) {
    switch message {
    case .join(let description): return arrive(description, as: peer, at: now)
    case .unable(let trouble): return hear(trouble, from: peer)
    default: break
    }
    guard let host = roster.heard(peer, at: now) else {
      _ = star.send(.rejoin, to: peer)
      return
    }
    switch message {
    case .join, .unable: break
    case .begun(let number): begun(number, host)
    case .ended(let number, let rank, let ending, let facts):
      guard number == attempt, self.host(of: rank) == host else { return }
      known[rank] = facts
      news.append(.ended(rank: rank, ending))
    case .hung(let hangs): news.append(.hung(hangs.filter { self.host(of: $0.rank) == host }))
    case .stopRequested(let signal): news.append(.stopRequested(signal, host: host))
    case .checkpointRequested: news.append(.checkpointRequested)
    case .beat(let ranks): roster.note(ranks.filter { self.host(of: $0.rank) == host }, of: host)
    }
  }

  private func arrive(_ description: HostDescription, as peer: Socket.Peer, at now: Duration) {
    switch roster.arrive(description, as: peer, at: now) {
    case .welcome: welcome(description, peer)
    case .refused(let reason): refuse(description, peer, reason)
    case .again:
      lose(description.host, "lost its connection")
      arrive(description, as: peer, at: now)
    case .taken(let other, let reason):
      // Its connection ends with a launcher, so what cannot be sent to it says that it is gone.
      if star.send(.beat, to: other) { return refuse(description, peer, reason) }
      lose(description.host, "has ended its launcher")
      arrive(description, as: peer, at: now)
    }
  }

  private func welcome(_ description: HostDescription, _ peer: Socket.Peer) {
    _ = star.send(.welcome(run: roster.first.run ?? ""), to: peer)
    let rest = roster.missing.isEmpty ? "all are here" : "waiting for \(names(of: roster.missing))"
    news.append(.said("\(description.title) has come; \(rest)"))
    if let order = gathering?.order { _ = star.send(.begin(order), to: peer) }
    checkComplete()
  }

  private func refuse(_ description: HostDescription, _ peer: Socket.Peer, _ reason: String) {
    turnAway(description.host, peer, HostFault(kind: .refused, reason: reason))
  }

  /// A number that no host has is host 0's to blame: the others are waited for.
  private func hear(_ trouble: HostTrouble, from peer: Socket.Peer) {
    let reason = "host \(trouble.host) (\(trouble.name)) cannot start: \(trouble.reason)"
    turnAway(trouble.host, peer, HostFault(kind: .unable, reason: reason, status: trouble.status))
  }

  /// Ends the run where it has not begun yet; one that has goes on, or waits for another launcher.
  private func turnAway(_ host: Int, _ peer: Socket.Peer, _ fault: HostFault) {
    _ = star.send(.refuse(fault.reason), to: peer)
    let isFirst = attempt == 0 && isGathering
    news.append(isFirst ? .absent(host: host, fault) : .said("not taken in: \(fault.reason)"))
  }

  private func say(refusalOf stranger: String) {
    guard strangers.count < Self.mostStrangers, !strangers.contains(stranger) else { return }
    strangers.append(stranger)
    news.append(
      .said(
        "not let in: \(stranger), with another key than this host's, or no launcher at all. Give all hosts the same "
          + "--rdzv-key-file, or none"))
  }

  private func begun(_ number: Int, _ host: Int) {
    roster.note(readyFor: number, host: host)
    guard isGathering, roster.isReady(for: attempt) else { return }
    gathering = nil
    news.append(.ready)
  }

  private func checkComplete() {
    guard let gathering, !gathering.isTold, roster.missing.isEmpty, let address = roster.firstAddress
    else { return }
    self.gathering?.isTold = true
    news.append(.complete(attempt: attempt, address: address))
  }

  private func lose(_ host: Int, _ reason: String) {
    guard let description = roster.description(of: host) else { return }
    roster.remove(host)
    let reason = "\(description.title) \(reason)"
    news.append(
      isGathering
        ? .said("\(reason); waiting for it") : .absent(host: host, HostFault(kind: .lost, reason: reason)))
  }

  private func giveUp() {
    gathering = nil
    let time = elapsed(attempt == 0 ? timeouts.join : timeouts.wait)
    let late = roster.missing.isEmpty ? roster.unready(for: attempt) : roster.missing
    let fault =
      roster.missing.isEmpty
      ? "did not get ready within \(time): see what the launcher says there"
      : "did not come to \(plan.meeting) within \(time): see whether the launcher runs there, reaches that address and has "
        + "the same key"
    let kind = attempt == 0 ? HostFault.Kind.refused : .missing
    news.append(
      .absent(host: late.first ?? 0, HostFault(kind: kind, reason: "\(names(of: late)) \(fault)")))
  }

  private func names(of hosts: [Int]) -> String {
    (hosts.count == 1 ? "host " : "hosts ") + hosts.map(String.init).joined(separator: ", ")
  }
}

/// What all hosts are told, and what is known of them.
extension HostLead {
  func launch(_ rank: Int) { tell(.launch(rank: rank), rank) }

  func send(_ signal: Signal, to rank: Int) { tell(.signal(signal, rank: rank), rank) }

  /// Tells all; who cannot be told is lost.
  func tellAll(_ order: HostOrder) {
    for (host, peer) in roster.peers where !star.send(order, to: peer) {
      lose(host, "has ended its launcher")
    }
  }

  /// Tells all how the run ended, and hangs up.
  func finish(status: CInt, _ text: String) {
    for (_, peer) in roster.peers { _ = star.send(.finish(status: status, text), to: peer) }
    star.close()
  }

  private func tell(_ order: HostOrder, _ rank: Int) {
    guard let host = host(of: rank), let peer = roster.peer(of: host) else { return }
    if !star.send(order, to: peer) { lose(host, "has ended its launcher") }
  }

  /// The host that has a rank; nil for a number that is no rank's.
  private func host(of rank: Int) -> Int? {
    rank >= 0 && rank < workers * plan.hosts ? rank / workers : nil
  }

  func facts(of rank: Int) -> WorkerFacts? { known[rank] }

  /// A rank's host in a few words, as a report names it.
  func title(ofHostOf rank: Int) -> String? {
    host(of: rank).map { roster.description(of: $0)?.title ?? "host \($0)" }
  }

  /// The ranks of a host.
  func ranks(of host: Int) -> Range<Int> { host * workers..<(host + 1) * workers }

  /// How the ranks of the others stand, as their launchers told last.
  var ranks: [RunStatus.Rank] { roster.ranks.sorted { $0.rank < $1.rank } }

  /// Ranks of other hosts whose processes a signal or a debugger holds.
  var stoppedRanks: [Int] { ranks.filter { $0.state == .stopped }.map(\.rank) }

  /// How the hosts stand.
  func states(at now: Duration) -> [RunStatus.Host] {
    (0..<plan.hosts).map { host in
      let description = roster.description(of: host)
      return RunStatus.Host(
        host: host, name: description?.name, address: host == 0 ? roster.firstAddress : description?.address,
        silentSeconds: roster.silence(of: host, at: now).map { $0 / .seconds(1) })
    }
  }
}
