import Checkpoint
import Recipe
import System
import SystemPackage
import WorkerLink

/// The weights that a user means by a file, a run or a checkpoint.
package struct NamedWeights: Equatable {
  /// The file, or the folder of checkpoints if there is none.
  package let path: String
  /// Whether to use the average inside the file; a run has separate files for its average.
  package let takesAverage: Bool
  /// Which of a run's files it is; nil if the user named it directly.
  package let note: String?

  /// Finds a run's best weights, otherwise its last; throws for a folder without any.
  ///
  /// - Parameter average: Whether to use the weights' average.
  package init(_ given: String, average: Bool) throws(OutputError) {
    guard RunFiles.exists(given) else {
      throw OutputError(
        "\(given): there is no such file or folder. A run's weights are in its output folder.",
        exitStatus: .missingInput)
    }
    guard Folders.isFolder(given) else {
      self.init(path: given, takesAverage: average)
      return
    }
    // A run that evaluated only its average has no other best weights.
    let kinds = RunLayout.Weights.allCases.flatMap { kind in
      (average ? [true] : [false, true]).map { RunLayout.weights(kind, average: $0) }
    }
    if let name = kinds.first(where: { RunFiles.exists("\(given)/\($0)") }) {
      self.init(path: "\(given)/\(name)", note: Self.note(given, name))
    } else if !average, RunFiles.exists("\(given)/config.json"), RunFiles.exists("\(given)/\(Self.ofHub)") {
      self.init(path: "\(given)/\(Self.ofHub)")
    } else if average,
      RunLayout.Weights.allCases.contains(where: {
        RunFiles.exists("\(given)/\(RunLayout.weights($0, average: false))")
      })
    {
      throw Self.none(in: given, average)
    } else if CheckpointStore(naming: given) != nil || VerifiedCheckpoint.isNamed(by: given) {
      self.init(path: given, takesAverage: average)
    } else {
      throw Self.none(in: given, average)
    }
  }

  /// The weights in a folder written by `export --to timm`.
  private static let ofHub = "model.safetensors"

  private init(path: String, takesAverage: Bool = false, note: String? = nil) {
    (self.path, self.takesAverage, self.note) = (path, takesAverage, note)
  }

  private static func none(in folder: String, _ average: Bool) -> OutputError {
    let wanted = RunLayout.weights(.best, average: average)
    return OutputError(
      "\(folder) is a folder without \(average ? "an average of weights" : "weights"): a run's output folder has \(wanted) in it once an epoch is done"
        + (average ? ", where it was trained with --model-ema" : "")
        + ". Name such a folder, or a file of weights. See: ls \(FilePath(folder).quoted)",
      exitStatus: .missingInput)
  }

  private static func note(_ folder: String, _ name: String) -> String {
    let isBest = name == RunLayout.weights(.best, average: false) && EarlierRun.isJudgedByAccuracy(in: folder)
    let best = isBest ? EarlierRun(in: folder)?.best : nil
    let epoch = epoch(of: "\(folder)/\(name)") ?? best?.epoch
    let accuracy = best.flatMap { best in
      best.epoch == epoch ? "Acc@1 \((best.accuracy * 100).rounded() / 100) in " : nil
    }
    let place = epoch.map { " (\(accuracy ?? "of ")epoch \($0))" }
    return "the weights are \(masked("\(folder)/\(name)"))\(place ?? "")"
  }

  /// The epoch after which a file of weights was written; nil if it does not say.
  package static func epoch(of path: String) -> Int? {
    (try? SafetensorsFile(path: path)).flatMap { $0.metadata["epoch"] }.flatMap { Int($0) }
  }

  /// A path prefix for files that belong to the weights: in their folder, or for a checkpoint in the run's.
  package var besides: String {
    guard Folders.isFolder(path) else { return path }
    let own = FilePath(path).lexicallyNormalized()
    guard let store = CheckpointStore(naming: own.string) else {
      let above = CheckpointStore(naming: own.removingLastComponent().string)
      let output = above?.outputFolder.map { FilePath($0) } ?? own.removingLastComponent()
      return output.appending((own.lastComponent?.string ?? "checkpoint")).string
    }
    return FilePath(store.outputFolder ?? own.string).appending("checkpoint").string
  }
}
