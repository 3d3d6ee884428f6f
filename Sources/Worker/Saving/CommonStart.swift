import Checkpoint
import Collective
import Flags
import Foundation
import Recipe
import Training
import WorkerLink

/// Makes all hosts of a run resume from the same checkpoint, whether they share a disk or each has its own.
///
/// Only host 0 lists the folder; hosts that share its disk take the name it gives. A host with its own disk
/// receives the checkpoint from one that has it, before any of its workers looks.
struct CommonStart {
  /// Where to look for checkpoints to resume from, and where the run saves its own, on this host.
  private let asked, saved: CheckpointStore
  private let output: String
  private let entrance: HostsEntrance
  private let settings: RunSettings
  private let isFirstWorker: Bool

  /// The number of disks on which checkpoints are wanted.
  private var copies: Int { settings.checkpointCopies ?? 1 }

  /// The decision, for one worker.
  struct Outcome {
    /// Whether the run resumes from the newest checkpoint; otherwise each worker opens what its flags name.
    let goesOn: Bool
    /// The folder of that checkpoint; nil if there is none yet.
    let checkpoint: String?
    /// Whether this worker saves checkpoints besides the first rank.
    let keepsCopies: Bool
  }

  /// Nil if there is nothing to settle: the run has one host, or writes nothing.
  init?(_ request: RunRequest, _ placement: RankEnvironment, through entrance: HostsEntrance?) {
    guard let entrance, request.run.writes else { return nil }
    (self.entrance, settings) = (entrance, request.run)
    isFirstWorker = placement.localRank == 0
    // On another disk the run's folder may not exist yet.
    let named = request.run.resume.flatMap {
      $0 == "auto" ? nil : CheckpointStore(naming: $0) ?? CheckpointStore(ofRunIn: $0)
    }
    output = request.run.outputDir ?? named?.outputFolder ?? request.outputFolder()
    saved = CheckpointStore(ofRunIn: output)
    asked = named ?? saved
  }

  /// Settles the start with all hosts; returns once this host has the checkpoint.
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
    // The first attempt found the copies' disks empty, so what is there now is this run's.
    if !offer.goesOn, isLaterAttempt, copies > 1 { (offer.goesOn, offer.lineage) = (true, entrance.link.run) }
    try entrance.tell("disks", offer)
    let (found, refused) = offer.goesOn ? try newest(offer) : (nil, [])
    var own = found
    let replies: [HostDisks.Reply] = try (1..<entrance.link.hosts).map { try entrance.hear("disk-\($0)") }
    if let tag = own, tag.lineage == nil, replies.contains(where: { !$0.sharesDisk }) {
      // Names a single host's checkpoint after the run, so that it is recognised anywhere. A read-only folder
      // stays as it is.
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

  /// The store to resume from: the run's own folder if only this run's checkpoints count.
  private func store(_ lineage: String?) -> CheckpointStore { lineage == nil ? asked : saved }

  private var isLaterAttempt: Bool { entrance.link.generation > 0 }

  /// Whether the newest checkpoint is asked for, rather than a particular one, or weights.
  private var asksForNewest: Bool {
    settings.resume.map { $0 == "auto" || CheckpointStore(naming: $0) != nil } ?? false
  }

  /// Tells host 0 what this host has; returns the mark that stays on this host's disk until the plan is made.
  private func answer() throws -> DiskMark? {
    let offer: HostDisks.Offer = try entrance.hear("disks")
    var reply = HostDisks.Reply(sharesDisk: offer.probe.map { DiskProbe.isSeen($0, in: output) } ?? true)
    var mark: DiskMark?
    if !reply.sharesDisk {
      // Only if something may be written.
      if let probe = offer.probe, offer.goesOn || copies > 1 { mark = DiskMark(at: probe, in: output) }
      reply.disk = mark?.text
      reply.isBegun = saved.isBegun
      if offer.goesOn { (reply.newest, reply.refused) = try newest(offer) }
    }
    try entrance.tell("disk-\(entrance.link.host)", reply)
    return mark
  }

  /// This host's newest intact checkpoint, and why newer ones were rejected.
  private func newest(_ offer: HostDisks.Offer) throws -> (tag: CheckpointTag?, refused: [String]) {
    let search = store(offer.lineage).newestVerified { checkpoint throws(CheckpointError) in
      _ = try checkpoint.state(TrainingState.self)
    }
    return (try search.checkpoint?.tag(), search.refused.map(\.description))
  }

  /// Receives the checkpoint if this host needs it, or sends it to the others.
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
      // A peer that could not store it reports that itself, before this worker blames the connection.
      Thread.sleep(forTimeInterval: Self.grace)
      throw entrance.failure(error)
    } catch {
      throw OwnFailure(failure: Failure(error))
    }
    try entrance.tell("arrived-\(host)", true)
  }

  private static let grace = 2.0
}

/// An error of this worker alone, which no other will report.
struct OwnFailure: Error {
  let failure: Failure
}
