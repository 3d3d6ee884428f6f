import Board

/// A worker that has done nothing for longer than it may.
struct Hang: Equatable, Sendable {
  let rank: Int
  let section: Section
  /// How long it has been at it.
  let time: Duration
  /// Nil before the first epoch.
  let epoch: Int?
  /// The step of the epoch, from 1.
  let step: Int
  /// Whether a signal or a debugger holds the process.
  let isStopped: Bool

  init(_ view: RankView, at now: UInt64) {
    rank = view.rank
    section = view.state.section
    time = view.time(at: now)
    epoch = view.state.epoch
    step = view.state.stepInProgress
    isStopped = view.isStopped
  }
}

extension Hang: CustomStringConvertible {
  /// `stuck in forward for 300.2 s (epoch 3, step 17)`
  var description: String {
    let place = epoch.map { " (epoch \($0), step \(step))" } ?? ""
    return "stuck in \(section.name) for \(inSeconds(time))\(place)"
  }

  /// What it usually means.
  var cause: String {
    if isStopped {
      return "rank \(rank) was stopped, by a signal or a debugger, and the others waited for it"
    }
    return switch section {
    case .data: "storage that does not answer, or a --hang-timeout shorter than reading a batch takes"
    case .checkpoint: "storage that does not answer"
    case .communicate: "the ranks wait for each other; the stacks in their logs say where"
    default: "a defect, or a --hang-timeout shorter than the work takes; the stacks in the logs say where"
    }
  }

  /// What leads on.
  var nextStep: Explanation.NextStep {
    isStopped
      ? .resume(after: "finding out who stopped it") : .resume(after: "reading the stacks in the logs")
  }
}

/// Seconds with one digit, however many.
func inSeconds(_ time: Duration) -> String { "\(decimal(time / .seconds(1), 1)) s" }

extension RankState {
  /// The step that is under way, from 1; after the last one, that one.
  var stepInProgress: Int { min(step + 1, max(stepsOfEpoch, 1)) }
}
