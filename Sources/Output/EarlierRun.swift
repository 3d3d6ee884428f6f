package import Checkpoint
import FoundationEssentials
import Recipe
import System
import SystemPackage
import WorkerLink

/// What a run has left in an output folder: read, and never trusted with more than a sentence.
package struct EarlierRun: Equatable {
  /// Its best accuracy on held-out images, and where it was reached.
  package struct Best: Equatable {
    /// Acc@1 in percent.
    package let accuracy: Double
    /// Counted from 0.
    package let epoch: Int
  }

  /// Nil where no epoch was evaluated.
  package let best: Best?
  /// Its furthest checkpoint, whole or not.
  package let furthest: CheckpointName?
  /// Its file of weights that another run would start from; nil where none is there.
  package let weights: String?

  /// Nil where a folder holds neither a checkpoint, nor weights, nor a line of `log.txt`: nothing that is missed.
  package init?(in folder: String) {
    furthest = CheckpointStore(ofRunIn: folder).names.last
    let log = (try? RegularFile.contents(of: FilePath("\(folder)/\(RunLayout.epochs)"))) ?? []
    best = Self.best(in: log)
    weights = RunLayout.allWeights.map { "\(folder)/\($0)" }.first(where: RunFiles.exists)
    guard furthest != nil || weights != nil || !log.isEmpty else { return nil }
  }

  /// What it is told that it can be gone on with, where it has no checkpoint: a sentence.
  package var wayOn: String {
    weights.map {
      "Start another one from its weights: --finetune \(FilePath($0).quoted) --output-dir OTHER."
    }
      ?? "No weights are left of it either."
  }

  /// In a few words.
  package var summary: String {
    let accuracy = best.map {
      "best Acc@1 \((($0.accuracy * 1000).rounded() / 1000).description) in epoch \($0.epoch)"
    }
    let place = furthest.map { "checkpoint \($0)" }
    return accuracy ?? place.map { "never evaluated, \($0)" } ?? "never evaluated"
  }
}

extension EarlierRun {
  /// Whether the best weights of a folder's run are those of the highest Acc@1, as its recipe says.
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
      // Half a line, which a crash leaves, is none.
      guard let epoch = try? JSONDecoder().decode(Epoch.self, from: Data(line)) else { return nil }
      return epoch.test_acc1.map { Best(accuracy: $0, epoch: epoch.epoch) }
    }.max { $0.accuracy < $1.accuracy }
  }
}
