import Checkpoint
import Recipe

/// What a run has left in its folder, read and not yet understood.
struct RunTraces: Sendable {
  /// Its output folder, as it is to be named to the user; nil of a program of the user's, which has none of ours.
  var output: String?
  /// The launcher's folder; nil where no launcher was there.
  var launcher: String?
  /// How it was launched.
  var record: LaunchRecord?
  /// Bytes of `recipe.json`.
  var recipe: [UInt8] = []
  /// Bytes of `log.txt`.
  var log: [UInt8] = []
  var steps = StepLines()
  /// Bytes of the launcher's journal.
  var journal: [UInt8] = []
  /// The furthest checkpoint.
  var checkpoint: CheckpointName?
  /// The files of weights that are there.
  var weights: Set<String> = []
  /// When a line was last added to one of its logs, in seconds since 1970.
  var written: Double?
  /// Whether its launcher listens, or a worker without one holds the folder.
  var isAlive = false
}
