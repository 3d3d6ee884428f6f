import Checkpoint
import Glibc

/// The files that a run writes into its output folder, by name.
enum RunFiles {
  static let epochs = "log.txt"
  static let weights = [
    "best.safetensors", "last.safetensors", "best_ema.safetensors", "last_ema.safetensors",
  ]
  /// Those whose lines a later run set aside too.
  static let lines = [epochs, "train.jsonl"]
  static let recipe = "recipe.json"

  /// Removes what a run has left in a folder, and nothing else.
  static func removeAll(from folder: String) throws(CheckpointError) {
    try CheckpointStore(ofRunIn: folder).removeAll()
    for name in weights + lines + lines.map({ "\($0).earlier" }) + [recipe] {
      try AtomicFile.remove("\(folder)/\(name)")
    }
  }

  /// Whether there is anything of that name.
  static func exists(_ path: String) -> Bool {
    var status = stat()
    return lstat(path, &status) == 0
  }
}
