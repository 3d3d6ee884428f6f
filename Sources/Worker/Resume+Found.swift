import Checkpoint
import Foundation
import System
import SystemPackage
import Training

extension Resume {
  /// What the first rank found for `--resume auto`, and tells the others.
  struct Found: Equatable {
    /// The newest checkpoint that verifies.
    var path: String?
    /// Why none of those that are there does.
    var refusals: String?
  }
}

extension Resume.Found {
  /// Looks through a store. Newer checkpoints that are passed over are said; where none is left, starting at epoch 0
  /// would throw away what the run has learnt, so that is the user's to decide.
  init(in store: CheckpointStore) {
    let search = store.newestVerified { checkpoint throws(CheckpointError) in
      _ = try checkpoint.state(TrainingState.self)
    }
    guard search.checkpoint == nil, Self.holdsCheckpoints(store.folder) else {
      for refusal in search.refused { complain("warning: not resumed from: \(refusal)") }
      path = search.checkpoint?.folder
      return
    }
    refusals =
      "--resume auto: none of the checkpoints in \(masked(store.folder)) can be trusted:\n"
      + search.refused.map { "  \($0)\n" }.joined()
      + "Name another with --resume FOLDER, or remove \(FilePath(store.folder).quoted) to start at epoch 0."
  }

  /// Whether a folder holds what may be checkpoints, beside what others put there, as `lost+found`.
  private static func holdsCheckpoints(_ folder: String) -> Bool {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    return names.contains { $0.hasPrefix("epoch-") }
  }

  /// A letter and a text.
  var bytes: [UInt8] {
    if let refusals { return Array("!\(refusals)".utf8) }
    return path.map { Array("=\($0)".utf8) } ?? []
  }

  /// Reads back `bytes`.
  init(_ bytes: [UInt8]) {
    let text = String(decoding: bytes.dropFirst(), as: UTF8.self)
    switch bytes.first {
    case UInt8(ascii: "!"): refusals = text
    case UInt8(ascii: "="): path = text
    default: break
    }
  }
}
