import FoundationEssentials
import System

/// A run's `log.txt`: one line per finished epoch, with the best of them.
package struct EpochLog: Equatable, Sendable {
  /// The lines in order of epochs, one for each.
  package private(set) var lines: [Line] = []

  /// A line in this project's, the reference's or another timm-like format with the same keys; missing values
  /// are nil.
  package struct Line: Decodable, Equatable, Sendable {
    /// Counted from 0.
    package let epoch: Int
    package var trainLoss: Double?
    package var testLoss: Double?
    package var averageTestLoss: Double?
    /// In percent, like all that follow.
    package var accuracy1: Double?
    package var accuracy5: Double?
    package var averageAccuracy1: Double?
    package var averageAccuracy5: Double?
    package var balancedAccuracy: Double?
    package var averageBalancedAccuracy: Double?
    package var learningRate: Double?
    package var parameters: Int?

    enum CodingKeys: String, CodingKey {
      case epoch
      case trainLoss = "train_loss"
      case testLoss = "test_loss"
      case averageTestLoss = "test_loss_ema"
      case accuracy1 = "test_acc1"
      case accuracy5 = "test_acc5"
      case averageAccuracy1 = "test_acc1_ema"
      case averageAccuracy5 = "test_acc5_ema"
      case balancedAccuracy = "test_balanced_acc"
      case averageBalancedAccuracy = "test_balanced_acc_ema"
      case learningRate = "train_lr"
      case parameters = "n_parameters"
    }
  }

  /// Parses the file's bytes; an incomplete line, as left by a crash, is ignored, and so are impossible
  /// epochs.
  ///
  /// If epochs start again from 0, the earlier lines are another run's; if they go back, a run resumed there.
  package init(_ bytes: some Collection<UInt8>) {
    let decoder = JSONDecoder()
    for text in bytes.split(separator: newline) {
      guard let line = try? decoder.decode(Line.self, from: Data(text)), (0..<1 << 31).contains(line.epoch)
      else { continue }
      while let last = lines.last, last.epoch >= line.epoch { lines.removeLast() }
      lines.append(line)
    }
  }

  package var last: Line? { lines.last }

  /// The highest value of a figure, with the first epoch that reached it; nil if nothing was evaluated.
  package func best(_ figure: (Line) -> Double?) -> Best? {
    lines.compactMap { line in figure(line).map { Best(accuracy: $0, epoch: line.epoch) } }
      .max { $0.accuracy < $1.accuracy || $0.accuracy == $1.accuracy && $0.epoch > $1.epoch }
  }

  /// A run's best result.
  package struct Best: Equatable, Sendable {
    /// In percent.
    package let accuracy: Double
    /// Counted from 0.
    package let epoch: Int
  }
}
