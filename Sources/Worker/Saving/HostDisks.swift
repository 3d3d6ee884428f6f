import Checkpoint
import Recipe
import System

/// The messages between the first workers of a run's hosts about the disks of their output folders, and the
/// resulting plan.
enum HostDisks {
  /// Host 0's message to all others.
  struct Offer: Codable, Equatable {
    /// The name of a probe file in its output folder; nil if none could be made there, when a shared disk is
    /// assumed.
    var probe: String?
    /// Whether the run resumes from the newest checkpoint, rather than from something else or nothing.
    var goesOn: Bool
    /// The run whose checkpoints alone count if host 0 has none; nil for any.
    var lineage: String?
  }

  /// Another host's reply.
  struct Reply: Codable, Equatable {
    /// Whether its output folder is host 0's.
    var sharesDisk = false
    /// The mark of a disk that is not host 0's, equal on all hosts that see it; nil if it counts as one
    /// host's own.
    var disk: String?
    /// The newest intact checkpoint on its own disk.
    var newest: CheckpointTag?
    /// Why newer checkpoints were rejected, each as a clause that begins with its path.
    var refused: [String] = []
    /// Whether its output folder contains anything that may be a checkpoint.
    var isBegun = false
  }

  /// The plan for all hosts.
  struct Plan: Codable, Equatable {
    var goesOn = false
    /// The run of the offer.
    var lineage: String?
    /// The checkpoint from which all resume; nil if there is none.
    var newest: CheckpointTag?
    /// The host that has it.
    var source = 0
    /// The hosts that need it from there.
    var needers: [Int] = []
    /// The hosts besides host 0 that also save the run's checkpoints.
    var keepers: [Int] = []
    /// The hosts with a disk that no earlier host sees.
    var apart: [Int] = []
    /// For hosts that share a disk with one of ``apart``: that host, which alone writes there.
    var guests: [Int: Int] = [:]
    /// The hosts with a disk of their own that contains another run's checkpoints.
    var taken: [Int] = []
    /// The hosts with a checkpoint that would be used if copies were kept, while host 0 has none.
    var overlooked: [Int] = []
  }
}

extension HostDisks.Plan {
  /// Makes the plan from the replies of hosts 1, 2 and so on, and from host 0's newest checkpoint.
  ///
  /// If copies are kept, any disk may have the run's newest checkpoint, since host 0's may be new. Throws if
  /// host 0 has none and the others have those of several runs.
  init(
    _ offer: HostDisks.Offer, newest own: CheckpointTag?, _ replies: [HostDisks.Reply], copies: Int
  ) throws(Failure) {
    (goesOn, lineage) = (offer.goesOn, offer.lineage)
    var first: [String: Int] = [:]
    for (host, reply) in zip(1..., replies) where !reply.sharesDisk {
      if let disk = reply.disk, let owner = first[disk] {
        guests[host] = owner
      } else {
        apart.append(host)
        if let disk = reply.disk { first[disk] = host }
      }
    }
    func found(_ host: Int) -> CheckpointTag? { replies[host - 1].newest }
    if goesOn {
      newest = own
      var run = own == nil ? offer.lineage : own?.lineage
      for host in copies > 1 ? apart : [] {
        guard let tag = found(host), let its = tag.lineage else { continue }
        if own == nil, offer.lineage == nil, let run, run != its {
          throw Failure(
            "host 0 has no checkpoint, and the others have those of several runs: host \(source) of run \(run), host \(host) of "
              + "run \(its). Remove there what is not to be gone on with, or name a checkpoint that all have with --resume",
            exitStatus: .badConfiguration)
        }
        if own == nil { run = run ?? its }
        if its == run, newest.map(tag.isNewer) ?? true { (newest, source) = (tag, host) }
      }
      if own == nil, copies == 1 { overlooked = apart.filter { found($0)?.lineage != nil } }
      if let newest { needers = (own == newest ? [] : [0]) + apart.filter { found($0) != newest } }
    }
    for host in apart {
      let isOfRun =
        newest != nil
        && (found(host) == newest || found(host)?.lineage.map { $0 == newest?.lineage } ?? false)
      if replies[host - 1].isBegun, !isOfRun {
        taken.append(host)
      } else if keepers.count + 1 < copies {
        keepers.append(host)
      }
    }
  }

  /// Why hosts with another run's checkpoints cannot take part; nil if they can.
  ///
  /// - Parameter isFirst: Whether it is the run's first attempt. Later ones have checked already; a host that
  ///   joins later may keep no copies.
  func obstacle(isFirst: Bool) -> String? {
    if isFirst, !overlooked.isEmpty {
      return
        "host 0 has no whole checkpoint to go on from, and \(HostDisks.names(overlooked)) \(noun(overlooked.count, "has", "have")) "
        + "one of an earlier run, which counts with --checkpoint-copies 2 alone. Give --resume auto --checkpoint-copies 2 on "
        + "every host to go on from it; to begin anew, choose another --output-dir, or remove checkpoints/ in it there"
    }
    let hosts = isFirst ? taken : taken.filter(needers.contains)
    guard !hosts.isEmpty else { return nil }
    return
      "\(HostDisks.names(hosts)): there are checkpoints of another run in the output folder, where this one's would go "
      + "(--overwrite removes host 0's alone). Choose another --output-dir, or remove checkpoints/ in it there; if they are what "
      + "is to be gone on with, give --resume auto --checkpoint-copies 2"
  }

  /// The rejected checkpoints and what replaces them, each as a clause.
  ///
  /// - Parameter reasons: The errors of hosts 0, 1 and so on.
  func refusals(_ reasons: [[String]]) -> [String] {
    let instead = newest.map { "; \($0.name) of host \(source) is taken" } ?? ""
    return reasons.enumerated().flatMap { host, reasons in
      reasons.map { "not resumed from: host \(host): \($0)\(instead)" }
    }
  }

  /// Notes for the user, one sentence each.
  func notes(copies: Int) -> [String] {
    var notes: [String] = []
    if let newest, !needers.isEmpty {
      notes.append("checkpoint \(newest.name) goes from host \(source) to \(HostDisks.names(needers))")
    }
    if !keepers.isEmpty { notes.append("\(HostDisks.names(keepers)) will keep copies of the checkpoints") }
    if !taken.isEmpty {
      notes.append(
        "no copies are kept on \(HostDisks.names(taken)), where the checkpoints of another run are")
    }
    if copies > 1 + keepers.count + taken.count {
      let others =
        apart.isEmpty ? "all hosts see one disk" : "disks of their own are on \(HostDisks.names(apart)) alone"
      notes.append("no effect beyond \(1 + keepers.count): --checkpoint-copies \(copies) (\(others))")
    } else if copies == 1, !apart.isEmpty {
      notes.append(
        "host 0 alone keeps checkpoints, on a disk of its own beside \(HostDisks.names(apart)); "
          + "--checkpoint-copies 2 keeps them on another disk too")
    }
    return notes
  }
}

extension HostDisks {
  /// Such as `host 3`, or `hosts 1, 3`.
  static func names(_ hosts: [Int]) -> String {
    "\(noun(hosts.count, "host")) \(hosts.map(String.init).joined(separator: ", "))"
  }
}
