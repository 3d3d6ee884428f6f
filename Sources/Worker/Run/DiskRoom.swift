import Checkpoint
import Flags
import Glibc
import Model
import Recipe
import System
import Training

/// The disk space that a run's checkpoints and weights need, and the space that is free.
///
/// Pure except for `init(_:)`. A run's other files are small.
struct DiskRoom: Equatable {
  /// The size of a checkpoint, in bytes.
  let checkpoint: Int
  /// The size of the network's weights, in bytes.
  let weights: Int
  /// The number of newest checkpoints that are kept, or fewer if the run makes fewer.
  let keep: Int
  /// The size of the checkpoints already in the folder, which the run's own will replace.
  var present = 0
  /// The free space in bytes; nil if unknown.
  var free: Int?
  /// The run's output folder.
  let folder: String

  /// The most space needed: the newest checkpoints, the best epoch's and one being written; and the best
  /// weights, twice while they are replaced.
  var most: Int { (keep + 2) * checkpoint + 2 * weights }

  var line: String {
    "Disk: \(byteSize(checkpoint)) a checkpoint, and up to \(byteSize(most)) for all that are kept and the best weights"
      + (free.map { "; \(byteSize($0)) are free" } ?? "")
  }

  /// The most bytes that this process may write to a file; nil if there is no limit.
  static var fileSizeLimit: Int? {
    var limit = rlimit()
    guard getrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit) == 0, limit.rlim_cur < Int.max else {
      return nil
    }
    return Int(limit.rlim_cur)
  }

  /// Throws if a file of weights would exceed the limit on file sizes.
  func requireFileSize(_ limit: Int? = fileSizeLimit) throws(Failure) {
    guard let limit, limit < weights else { return }
    throw Failure(
      "a file may have \(byteSize(limit)) (ulimit -f), and the weights take \(byteSize(weights)): lift it with "
        + "`ulimit -f unlimited`, for a systemd service with LimitFSIZE=infinity",
      exitStatus: .badConfiguration)
  }

  /// A warning that the run may later be unable to save checkpoints; nil if there is room for all.
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
  /// The needs of a run that writes; nil if the network's size is unknown before it is made.
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
