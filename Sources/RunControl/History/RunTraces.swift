package import Checkpoint
import Recipe

/// What a run has left in its folder, read and not yet understood.
package struct RunTraces: Sendable {
  /// Its output folder, as it is to be named to the user; nil of a program of the user's, which has none of ours.
  package var output: String?
  /// The launcher's folder; nil where no launcher was there.
  package var launcher: String?
  /// How it was launched.
  package var record: LaunchRecord?
  /// Bytes of `recipe.json`.
  package var recipe: [UInt8] = []
  /// Bytes of `log.txt`.
  package var log: [UInt8] = []
  package var steps = StepLines()
  /// Bytes of the launcher's journal.
  package var journal: [UInt8] = []
  /// The hosts beside the first whose launchers have a folder in this one's: they see its disk.
  package var hosts: Set<Int> = []
  /// The furthest checkpoint.
  package var checkpoint: CheckpointName?
  /// The files of weights that are there, each with the epoch after which it was written where it says so.
  package var weights: [String: Int?] = [:]
  /// When a line was last added to one of its logs, in seconds since 1970.
  package var written: Double?
  /// Whether its launcher listens, or a worker without one holds the folder.
  package var isAlive = false

  /// Those of a run of which nothing has been read.
  package init(output: String?, launcher: String? = nil) {
    (self.output, self.launcher) = (output, launcher)
  }
}
