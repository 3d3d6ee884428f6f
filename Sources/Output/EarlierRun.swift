package import Checkpoint
import FoundationEssentials
import Recipe
import System
import SystemPackage
import WorkerLink

/// A summary of an earlier run in an output folder, used only for messages.
package struct EarlierRun: Equatable {
  /// Its best validation accuracy and the epoch that reached it.
  package struct Best: Equatable {
    /// Top-1 accuracy, in percent.
    package let accuracy: Double
    /// Counted from 0.
    package let epoch: Int
  }

  /// Nil if no epoch was evaluated.
  package let best: Best?
  /// Its latest checkpoint, intact or not.
  package let furthest: CheckpointName?
  /// Its file of weights for starting another run; nil if there is none.
  package let weights: String?

  /// Nil if a folder contains neither a checkpoint, nor weights, nor a line of `log.txt`, so nothing of
  /// value.
  package init?(in folder: String) {
    furthest = CheckpointStore(ofRunIn: folder).names.last
    let log = (try? RegularFile.contents(of: FilePath("\(folder)/\(RunLayout.epochs)"))) ?? []
    best = Self.best(in: log)
    weights = RunLayout.allWeights.map { "\(folder)/\($0)" }.first(where: RunFiles.exists)
    guard furthest != nil || weights != nil || !log.isEmpty else { return nil }
  }

  /// How to continue from it if it has no checkpoint, as a sentence.
  package var wayOn: String {
    weights.map {
      "Start another one from its weights: --finetune \(FilePath($0).quoted) --output-dir OTHER."
    }
      ?? "No weights are left of it either."
  }

  /// The run in a few words.
  package var summary: String {
    let accuracy = best.map {
      "best Acc@1 \((($0.accuracy * 1000).rounded() / 1000).description) in epoch \($0.epoch)"
    }
    let place = furthest.map { "checkpoint \($0)" }
    return accuracy ?? place.map { "never evaluated, \($0)" } ?? "never evaluated"
  }
}

extension EarlierRun {
  /// Whether a folder's run is judged by top-1 accuracy, according to its recipe.
  static func isJudgedByAccuracy(in folder: String) -> Bool {
    let bytes = (try? RegularFile.contents(of: FilePath("\(folder)/\(RunLayout.recipe)"))) ?? []
    let monitor = (try? JSONTree(parsing: String(decoding: bytes, as: UTF8.self)))?.leaf("judging.monitor")
    return monitor == nil || monitor == .text("acc1") || monitor == .text("ema")
  }

  /// A line of `log.txt`.
  private struct Epoch: Decodable {
    let epoch: Int
    let test_acc1: Double?
  }

  private static func best(in log: [UInt8]) -> Best? {
    log.split(separator: UInt8(ascii: "\n")).compactMap { line in
      // An incomplete line, as left by a crash, is ignored.
      guard let epoch = try? JSONDecoder().decode(Epoch.self, from: Data(line)) else { return nil }
      return epoch.test_acc1.map { Best(accuracy: $0, epoch: epoch.epoch) }
    }.max { $0.accuracy < $1.accuracy }
  }
}
