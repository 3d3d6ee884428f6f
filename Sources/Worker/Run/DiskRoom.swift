import Checkpoint
import Flags
import Glibc
import Model
import Recipe
import System
import Training

/// What a run's checkpoints and weights take of the disk that it writes to, and what is free there.
///
/// Pure but for `init(_:)`. What a run writes beside them is small.
struct DiskRoom: Equatable {
  /// Bytes of a checkpoint.
  let checkpoint: Int
  /// Bytes of the network's weights.
  let weights: Int
  /// Newest checkpoints that stay, as far as the run makes so many.
  let keep: Int
  /// Bytes of the checkpoints that lie in the folder already, whose place the run's own take.
  var present = 0
  /// Nil where nobody can say.
  var free: Int?
  /// The folder that the run writes to.
  let folder: String

  /// The newest checkpoints, that of the best epoch and one that is being written; and the best weights, twice while they
  /// are replaced.
  var most: Int { (keep + 2) * checkpoint + 2 * weights }

  var line: String {
    "Disk: \(byteSize(checkpoint)) a checkpoint, and up to \(byteSize(most)) for all that are kept and the best weights"
      + (free.map { "; \(byteSize($0)) are free" } ?? "")
  }

  /// The most bytes that this process may write into a file; nil where nothing bounds them.
  static var fileSizeLimit: Int? {
    var limit = rlimit()
    guard getrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit) == 0, limit.rlim_cur < Int.max else {
      return nil
    }
    return Int(limit.rlim_cur)
  }

  /// Throws where a file of weights would not be written, however much room there is.
  func requireFileSize(_ limit: Int? = fileSizeLimit) throws(Failure) {
    guard let limit, limit < weights else { return }
    throw Failure(
      "a file may have \(byteSize(limit)) (ulimit -f), and the weights take \(byteSize(weights)): lift it with "
        + "`ulimit -f unlimited`, for a systemd service with LimitFSIZE=infinity",
      exitStatus: .badConfiguration)
  }

  /// Why the run may one day go on without a new checkpoint; nil where the disk has room for all.
  var doubt: String? {
    guard let free, most - present > free else { return nil }
    let fewer = keep > 1 ? "keep fewer (--keep 1)" : "free some"
    return
      "checkpoints and weights will take up to \(byteSize(most)), and \(byteSize(free)) are free for \(masked(folder)): "
      + "for a checkpoint that does not fit older ones go if that is enough, but never the newest nor the best; else it is not "
      + "saved. Give another --output-dir, or \(fewer)"
  }
}

extension DiskRoom {
  /// Of a run that writes; nil where the network's size is not known before it is made.
  init?(_ plan: RunPlan) {
    let recipe = plan.recipe
    guard plan.settings.writes, let parameters = ModelFacts.parameters(of: plan) else { return nil }
    weights = parameters * MemoryLayout<Float>.stride
    checkpoint = (1 + Optimizer.moments(of: recipe.optimizer) + (recipe.ema.enabled ? 1 : 0)) * weights
    let between = plan.settings.checkpointEvery.map { recipe.allUpdates(of: plan.updates) / max(1, $0) } ?? 0
    keep = min(plan.settings.keep, recipe.schedule.epochs + between)
    folder = plan.folder.path
    present = plan.folder.checkpoints.byteCount
    free = FileSystemSpace(around: folder)?.free
  }
}
