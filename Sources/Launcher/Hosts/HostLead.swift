import Drawing
import Glibc
import Recipe
import RunControl
import System
import Wire

/// Host 0's side of a run on several hosts: which hosts take part, what they report, and what they are told.
///
/// Whatever it cannot decide becomes news for the supervisor, whose fleet has the ranks of all hosts.
final class HostLead {
  let plan: HostPlan
  private let timeouts: HostTimeouts
  private let star: HostStar
  private var roster: Roster
  private var muster: Muster
  private var gathering: Gathering?
  /// The order of this attempt, once the hosts that take part are known.
  private var order: AttemptOrder?
  private var nextBeat = Duration.zero
  /// What other hosts' launchers reported about failed ranks in this attempt.
  private var known: [Int: WorkerFacts] = [:]
  private var attempt = 0
  private var news: [News] = []
  private var strangers = Strangers()
  /// Why nothing of other hosts can be heard any more, if so.
  private var deafness: HostFault?

  /// The time between the wish to begin an attempt and all hosts' being ready for it.
  private struct Gathering {
    var deadline: Duration
    /// Whether it is settled who takes part.
    var isSettled = false
  }

  init(
    _ plan: HostPlan, _ own: HostDescription, _ recipe: Recipe?, _ timeouts: HostTimeouts, _ star: HostStar
  ) {
    self.plan = plan
    self.timeouts = timeouts
    self.star = star
    muster = Muster(plan, workers: own.workers, dividing: recipe)
    roster = Roster(own, patience: timeouts.silence)
  }

  var descriptors: [CInt] { deafness == nil ? star.descriptors : [] }
  var hasInput: Bool { deafness == nil && star.hasInput || !news.isEmpty }
  var deadline: Duration { min(nextBeat, gathering?.deadline ?? nextBeat) }
  /// Whether an attempt is to begin and hosts are waited for.
  var isGathering: Bool { gathering != nil }

  /// Begins an attempt once all hosts take part; news tell when.
  func gather(for attempt: Int, at now: Duration) {
    self.attempt = attempt
    (known, order) = ([:], nil)
    if let deafness { return news.append(.absent(deafness)) }
    gathering = Gathering(deadline: now + (attempt == 0 ? timeouts.join : timeouts.wait))
    if !awaited.isEmpty { news.append(.said("waiting for \(names(of: awaited)) at \(plan.meeting)")) }
    checkComplete(at: now)
  }

  /// Tells all hosts to prepare for the attempt.
  func order(_ order: AttemptOrder) {
    self.order = order
    tellAll(.begin(order))
    checkReady()
  }

  /// What has come up since the last time.
  func takeNews(at now: Duration) -> [News] {
    defer { news = [] }
    guard deafness == nil else { return news }
    do throws(WireError) {
      for (peer, message) in try star.takeMessages() { take(message, from: peer, at: now) }
      while let refusal = try star.nextRefusal() {
        strangers.note(refusal.address).map { news.append(.said($0)) }
      }
    } catch {
      // Without what the others say the run cannot go on, on any host.
      (deafness, gathering) = (HostFault(deafTo: Array(1..<plan.hosts), error), nil)
      deafness.map { news.append(.absent($0)) }
      return news
    }
    if now >= nextBeat {
      nextBeat = now + HostTimeouts.beat
      tellAll(.beat)
    }
    for host in roster.silent(at: now) { lose(host, "was not heard for \(elapsed(timeouts.silence))") }
    if let gathering, now >= gathering.deadline { giveUp(at: now) }
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
    case .join, .unable, .farewell: break
    case .begun(let number): begun(number, host)
    case .ended(let number, let rank, let ending, let facts):
      guard number == attempt, self.host(of: rank) == host else { return }
      known[rank] = facts
      news.append(.ended(rank: rank, ending))
    case .hung(let hangs): news.append(.hung(hangs.filter { self.host(of: $0.rank) == host }))
    case .stopRequested(let request): news.append(.stopRequested(request, host: host))
    case .checkpointRequested: news.append(.checkpointRequested)
    case .beat(let ranks): roster.note(ranks.filter { self.host(of: $0.rank) == host }, of: host)
    }
  }

  private func arrive(_ description: HostDescription, as peer: Socket.Peer, at now: Duration) {
    switch roster.arrive(description, as: peer, at: now) {
    case .welcome: welcome(description, peer, at: now)
    case .refused(let reason): refuse(description, peer, reason)
    case .again:
      lose(description.host, "lost its connection")
      arrive(description, as: peer, at: now)
    case .taken(let other, let reason):
      // A connection ends with its launcher, so failing to send shows that the launcher is gone.
      if star.send(.beat, to: other) { return refuse(description, peer, reason) }
      lose(description.host, "has ended its launcher")
      arrive(description, as: peer, at: now)
    }
  }

  private func welcome(_ description: HostDescription, _ peer: Socket.Peer, at now: Duration) {
    let (first, run) = (roster.first.name, roster.first.run ?? "")
    _ = star.send(.welcome(HostWelcome(run: run, first: first, output: roster.first.output)), to: peer)
    muster.welcome(description.host)
    let rest =
      !isGathering || gathering?.isSettled == true && muster.places.place(of: description.host) == nil
      ? "it takes part from the next start on"
      : awaited.isEmpty ? "all are here" : "waiting for \(names(of: awaited))"
    news.append(.said("\(description.title) has come; \(rest)"))
    // A host that was lost while its workers ran takes no part in this attempt either; it waits for the next.
    if let order, isGathering || order.places.place(of: description.host) == nil {
      _ = star.send(.begin(order), to: peer)
    }
    checkComplete(at: now)
  }

  private func refuse(_ description: HostDescription, _ peer: Socket.Peer, _ reason: String) {
    turnAway(peer, HostFault(of: [description.host], .refused, reason: reason))
  }

  /// A host number that does not exist is blamed on host 0, since the real hosts are still waited for.
  private func hear(_ trouble: HostTrouble, from peer: Socket.Peer) {
    let reason = "host \(trouble.host) (\(trouble.name)) cannot start: \(trouble.reason)"
    turnAway(peer, HostFault(of: [trouble.host], .unable, reason: reason, status: trouble.status))
  }

  /// Ends a run that has not begun yet; one that has begun continues, or waits for another launcher.
  private func turnAway(_ peer: Socket.Peer, _ fault: HostFault) {
    _ = star.send(.refuse(fault.reason), to: peer)
    let isFirst = attempt == 0 && isGathering
    news.append(isFirst ? .absent(fault) : .said("not taken in: \(fault.reason)"))
  }

  private func begun(_ number: Int, _ host: Int) {
    roster.note(readyFor: number, host: host)
    checkReady()
  }

  /// The hosts that are waited for before the participants are settled.
  private var awaited: [Int] { muster.awaited(of: roster.missing) }

  /// The participants that are not ready.
  private var late: [Int] { roster.unready(for: attempt, of: muster.places.hosts) }

  private func checkReady() {
    guard isGathering, order != nil, late.isEmpty else { return }
    gathering = nil
    news.append(.ready)
  }

  private func checkComplete(at now: Duration) {
    if let gathering, !gathering.isSettled, awaited.isEmpty { _ = settle(at: now) }
  }

  /// Gives places to the hosts that are here; false where they are too few.
  private func settle(at now: Duration) -> Bool {
    let earlier = muster.places
    guard muster.settle(roster.present) else { return false }
    muster.change(from: earlier, roster.present).map { news.append(.said($0)) }
    gathering = Gathering(deadline: now + patienceForReady, isSettled: true)
    // Without others, nobody needs this host's address.
    news.append(.complete(attempt: attempt, address: roster.firstAddress ?? "127.0.0.1", muster.places))
    return true
  }

  private func lose(_ host: Int, _ reason: String) {
    guard let description = roster.description(of: host) else { return }
    roster.remove(host)
    let reason = "\(description.title) \(reason)"
    if muster.places.place(of: host) == nil {
      news.append(.said("\(reason); it had no part in this attempt"))
    } else if isGathering {
      news.append(.said("\(reason); waiting for it"))
    } else {
      news.append(.absent(HostFault(of: [host], .lost, reason: reason)))
    }
  }

  /// How long the participants have to get ready, or a host that was lost meanwhile to come back.
  private var patienceForReady: Duration { timeouts.silence + timeouts.wait }

  private func giveUp(at now: Duration) {
    let time = elapsed(attempt == 0 ? timeouts.join : timeouts.wait)
    let (missing, isSettled) = (awaited, gathering?.isSettled ?? false)
    if !isSettled {
      muster.giveUp(missing)
      news.append(.said("\(names(of: missing)) did not come within \(time)"))
      if settle(at: now) { return }
    }
    gathering = nil
    let absent = isSettled ? late : roster.missing
    let fault =
      isSettled
      ? "did not get ready within \(elapsed(patienceForReady)): see what the launcher says there"
      : "did not come to \(plan.meeting) within \(time)" + muster.shortage
    // With fewer hosts another attempt may still begin.
    let kind: HostFault.Kind = isSettled && muster.isElastic ? .lost : attempt == 0 ? .late : .missing
    news.append(
      .absent(
        HostFault(
          of: absent, kind, reason: "\(names(of: absent)) \(fault)",
          likely: isSettled ? nil : strangers.suspicion)))
  }

  private func names(of hosts: [Int]) -> String { HostPlaces.names(of: hosts) }
}

/// What all hosts are told, and what is known about them.
extension HostLead {
  func launch(_ rank: Int) { tell(.launch(rank: rank), rank) }

  func send(_ signal: Signal, to rank: Int) { tell(.signal(signal, rank: rank), rank) }

  /// Sends an order to all hosts; one that cannot be reached is lost.
  func tellAll(_ order: HostOrder) {
    for (host, peer) in roster.peers where !star.send(order, to: peer) {
      lose(host, "has ended its launcher")
    }
  }

  /// Tells all hosts how the run ended, and closes the connections.
  ///
  /// The participants of a run that completed must learn of it, even where they have counted this host as
  /// lost and dial again.
  ///
  /// - Parameter isWhole: Whether the workers of all hosts ended as intended; otherwise missing hosts are not
  ///   waited for.
  func finish(status: CInt, _ text: String, isWhole: Bool) {
    let end = HostOrder.finish(status: status, text)
    for (_, peer) in roster.peers { _ = star.send(end, to: peer) }
    if [.done, .stoppedEarly].contains(ExitStatus(rawValue: status)) {
      let others = Set(isWhole ? muster.places.hosts : roster.present).subtracting([0])
      star.awaitFarewells(of: others, told: end, until: .now + timeouts.silence)
    }
    star.close()
  }

  private func tell(_ order: HostOrder, _ rank: Int) {
    guard let host = host(of: rank), let peer = roster.peer(of: host) else { return }
    if !star.send(order, to: peer) { lose(host, "has ended its launcher") }
  }

  /// The host that has a rank; nil for a number that is no rank's.
  private func host(of rank: Int) -> Int? { muster.places.host(of: rank) }

  func facts(of rank: Int) -> WorkerFacts? { known[rank] }

  /// A short description of a rank's host, for a report.
  func title(ofHostOf rank: Int) -> String? {
    host(of: rank).map { roster.description(of: $0)?.title ?? "host \($0)" }
  }

  /// The state of the other hosts' ranks, as last reported.
  var ranks: [RunStatus.Rank] { roster.ranks.sorted { $0.rank < $1.rank } }

  /// Ranks of other hosts whose processes are stopped by a signal or a debugger.
  var stoppedRanks: [Int] { ranks.filter { $0.state == .stopped }.map(\.rank) }

  /// Returns the state of the hosts.
  func states(at now: Duration) -> [RunStatus.Host] {
    (0..<plan.hosts).map { host in
      let description = roster.description(of: host)
      return RunStatus.Host(
        host: host, name: description?.name, address: host == 0 ? roster.firstAddress : description?.address,
        silentSeconds: roster.silence(of: host, at: now).map { $0 / .seconds(1) },
        waits: description != nil && muster.places.place(of: host) == nil ? true : nil)
    }
  }
}
