import Checkpoint
import Collective
import Flags
import Foundation
import Recipe
import Training
import WorkerLink

/// Has the hosts of a run go on from one checkpoint, whether they see one disk or each its own.
///
/// Nobody but host 0 lists the folder: on a disk that all see, the others take the name that it gives. A host with a disk of
/// its own gets the checkpoint from one that has it, before any of its workers looks.
struct CommonStart {
  /// Where the checkpoints are that are gone on from, and where those that the run saves, on this host.
  private let asked, saved: CheckpointStore
  private let output: String
  private let entrance: HostsEntrance
  private let settings: RunSettings
  private let isFirstWorker: Bool

  /// On how many disks checkpoints are wanted.
  private var copies: Int { settings.checkpointCopies ?? 1 }

  /// What is settled, for one worker.
  struct Outcome {
    /// Whether the newest checkpoint of a run is gone on with; else each worker opens what it is told to by itself.
    let goesOn: Bool
    /// The folder of that checkpoint; nil where there is none yet.
    let checkpoint: String?
    /// Whether this worker saves checkpoints beside the first rank.
    let keepsCopies: Bool
  }

  /// Nil where there is nothing to settle: the run has one host, or writes nothing.
  init?(_ request: RunRequest, _ placement: RankEnvironment, through entrance: HostsEntrance?) {
    guard let entrance, request.run.writes else { return nil }
    (self.entrance, settings) = (entrance, request.run)
    isFirstWorker = placement.localRank == 0
    // On another disk the folder of the run need not be there yet.
    let named = request.run.resume.flatMap {
      $0 == "auto" ? nil : CheckpointStore(naming: $0) ?? CheckpointStore(ofRunIn: $0)
    }
    output = request.run.outputDir ?? named?.outputFolder ?? request.outputFolder()
    saved = CheckpointStore(ofRunIn: output)
    asked = named ?? saved
  }

  /// Settles it with all others; returns once this host has what is gone on from.
  func settle() throws -> Outcome {
    let mark = isFirstWorker ? try entrance.link.host == 0 ? lead() : answer() : nil
    defer { mark?.remove() }
    let plan: HostDisks.Plan = try entrance.hear("plan")
    let store = store(plan.lineage)
    try bring(plan, in: store)
    return Outcome(
      goesOn: plan.goesOn, checkpoint: plan.newest.map { "\(store.folder)/\($0.name)" },
      keepsCopies: isFirstWorker && plan.keepers.contains(entrance.link.host))
  }
}

extension CommonStart {
  /// Host 0 asks the others what they have, and decides.
  private func lead() throws -> DiskMark? {
    let probe = DiskProbe(in: output)
    defer { probe?.remove() }
    var offer = HostDisks.Offer(probe: probe?.name, goesOn: asksForNewest)
    // Its first attempt found the keepers' disks free: what is there now is its own.
    if !offer.goesOn, isLaterAttempt, copies > 1 { (offer.goesOn, offer.lineage) = (true, entrance.link.run) }
    try entrance.tell("disks", offer)
    let (found, refused) = offer.goesOn ? try newest(offer) : (nil, [])
    var own = found
    let replies: [HostDisks.Reply] = try (1..<entrance.link.hosts).map { try entrance.hear("disk-\($0)") }
    if let tag = own, tag.lineage == nil, replies.contains(where: { !$0.sharesDisk }) {
      // What one host has saved: from now on it is known wherever it lies. A folder that cannot be written stays as it is.
      own = (try? store(offer.lineage).name(tag, asOf: entrance.link.run)) ?? tag
    }
    let plan = try HostDisks.Plan(offer, newest: own, replies, copies: copies)
    if let obstacle = plan.obstacle(isFirst: !isLaterAttempt) {
      throw Failure(obstacle, exitStatus: .badConfiguration)
    }
    for line in plan.refusals([refused] + replies.map(\.refused)) { Console.warn("warning: \(line)") }
    for note in plan.notes(copies: copies) { Console.warn("note: \(note)") }
    try entrance.tell("plan", plan)
    return nil
  }

  /// Where what is gone on from lies: what counts as this run's own alone is where the run saves.
  private func store(_ lineage: String?) -> CheckpointStore { lineage == nil ? asked : saved }

  private var isLaterAttempt: Bool { entrance.link.generation > 0 }

  /// Whether the newest checkpoint of a run is asked for, and not one by its name, or weights.
  private var asksForNewest: Bool {
    settings.resume.map { $0 == "auto" || CheckpointStore(naming: $0) != nil } ?? false
  }

  /// Tells host 0 what is here; the mark that is on this host's disk until the plan is made.
  private func answer() throws -> DiskMark? {
    let offer: HostDisks.Offer = try entrance.hear("disks")
    var reply = HostDisks.Reply(sharesDisk: offer.probe.map { DiskProbe.isSeen($0, in: output) } ?? true)
    var mark: DiskMark?
    if !reply.sharesDisk {
      // Only where something may be written.
      if let probe = offer.probe, offer.goesOn || copies > 1 { mark = DiskMark(at: probe, in: output) }
      reply.disk = mark?.text
      reply.isBegun = saved.isBegun
      if offer.goesOn { (reply.newest, reply.refused) = try newest(offer) }
    }
    try entrance.tell("disk-\(entrance.link.host)", reply)
    return mark
  }

  /// The newest checkpoint of this host that is whole, and what is wrong with those that were passed over.
  private func newest(_ offer: HostDisks.Offer) throws -> (tag: CheckpointTag?, refused: [String]) {
    let search = store(offer.lineage).newestVerified { checkpoint throws(CheckpointError) in
      _ = try checkpoint.state(TrainingState.self)
    }
    return (try search.checkpoint?.tag(), search.refused.map(\.description))
  }

  /// Has the checkpoint come to this host, where it is needed, or go from here to the others.
  private func bring(_ plan: HostDisks.Plan, in store: CheckpointStore) throws {
    let host = entrance.link.host
    guard let newest = plan.newest else { return }
    let parties = [plan.source] + plan.needers
    let writer = plan.guests[host] ?? host
    guard parties.count > 1, let place = parties.firstIndex(of: writer) else { return }
    guard isFirstWorker, writer == host else { return _ = try entrance.hear("arrived-\(writer)") as Bool }
    var transfer = CheckpointTransfer(
      over: try entrance.engine("checkpoint", rank: place, size: parties.count),
      within: entrance.patience)
    defer { transfer.close() }
    do {
      if place == 0 {
        try store.send(newest) { try transfer.send($0) }
      } else {
        try store.receive(newest, keeping: settings.keep) { try transfer.receive(into: $0) }
      }
      try transfer.finish()
    } catch let error as EngineFailure {
      // A peer that could not store it says why itself, before this worker blames the way to it.
      Thread.sleep(forTimeInterval: Self.grace)
      throw entrance.failure(error)
    } catch {
      throw OwnFailure(failure: Failure(error))
    }
    try entrance.tell("arrived-\(host)", true)
  }

  private static let grace = 2.0
}

/// What one worker alone has met, so that nobody says it for it.
struct OwnFailure: Error {
  let failure: Failure
}
