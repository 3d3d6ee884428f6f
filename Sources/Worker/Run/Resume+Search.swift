import Checkpoint
import Collective
import Flags
import Recipe
import System
import SystemPackage
import Training

extension Resume {
  /// The checkpoints among which `--resume` wants the newest; nil where it names one, or weights.
  static func store(_ flag: String, _ flags: TrainingFlags) -> CheckpointStore? {
    flag == "auto" ? CheckpointStore(ofRunIn: flags.outputFolder()) : CheckpointStore(naming: flag)
  }

  /// The newest checkpoint that verifies; nil where there is none yet.
  ///
  /// Newer ones that are passed over are said; where none is left, starting at epoch 0 would throw away what the run has
  /// learnt, so that is the user's to decide.
  static func newest(in store: CheckpointStore, _ flag: String, _ voice: Voice) throws -> Resume? {
    let search = store.newestVerified { checkpoint throws(CheckpointError) in
      _ = try checkpoint.state(TrainingState.self)
    }
    if search.checkpoint == nil, store.isBegun {
      throw Failure(
        "--resume \(masked(flag)): none of the checkpoints in \(masked(store.folder)) can be trusted:\n"
          + search.refused.map { "  \($0)\n" }.joined()
          + "Name another with --resume FOLDER, or remove \(FilePath(store.folder).quoted) to start at epoch 0.",
        exitCode: .badConfiguration)
    }
    if voice.speaks {
      for refusal in search.refused { complain("warning: not resumed from: \(refusal)") }
    }
    guard let found = search.checkpoint else { return nil }
    return .checkpoint(found, try found.state(TrainingState.self))
  }

  /// Throws on all ranks alike unless they found the same: one may have failed to read what the others could.
  static func agree(on start: Resume?, in group: any ProcessGroup) throws {
    let own = start.map { Array($0.path.utf8) } ?? []
    let all = try group.allGather(own)
    guard let rank = all.firstIndex(where: { $0 != all[0] }) else { return }
    let (first, other) = (Self.words(all[0]), Self.words(all[rank]))
    throw Failure(
      "rank 0 would go on from \(first) and rank \(rank) from \(other). Likely one of them could not read what the "
        + "other could, or checkpoints were removed just now: start again.", exitCode: .inputOutput)
  }

  private static func words(_ path: [UInt8]) -> String {
    path.isEmpty ? "nothing" : masked(path)
  }
}
