package import Checkpoint
import Recipe

/// The content of a run's files, read but not yet interpreted.
package struct RunTraces: Sendable {
  /// The output folder, in the user's spelling; nil for a program of the user's, which has none.
  package var output: String?
  /// The launcher's folder; nil if there was no launcher.
  package var launcher: String?
  /// How it was launched.
  package var record: LaunchRecord?
  /// The bytes of `recipe.json`.
  package var recipe: [UInt8] = []
  /// The bytes of `log.txt`.
  package var log: [UInt8] = []
  package var steps = StepLines()
  /// The bytes of the launcher's journal.
  package var journal: [UInt8] = []
  /// Other hosts with a launcher's folder inside this one's, which therefore share its disk.
  package var hosts: Set<Int> = []
  /// The latest checkpoint.
  package var checkpoint: CheckpointName?
  /// The existing files of weights, each with its epoch if it records one.
  package var weights: [String: Int?] = [:]
  /// When one of the logs was last written, in seconds since 1970.
  package var written: Double?
  /// Whether the launcher listens, or a worker without one holds the folder.
  package var isAlive = false

  /// Makes the traces of a run of which nothing has been read.
  package init(output: String?, launcher: String? = nil) {
    (self.output, self.launcher) = (output, launcher)
  }
}
