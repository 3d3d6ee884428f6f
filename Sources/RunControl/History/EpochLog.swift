import FoundationEssentials
import System

/// `log.txt` as a run left it: a line for each finished epoch, and what was best among them.
package struct EpochLog: Equatable, Sendable {
  /// In the order of epochs, each once.
  package private(set) var lines: [Line] = []

  /// A line: of ours, of the reference's, or of one of timm's kin with the same keys; what it lacks is nil.
  package struct Line: Decodable, Equatable, Sendable {
    /// Counted from 0.
    package let epoch: Int
    package var trainLoss: Double?
    package var testLoss: Double?
    package var averageTestLoss: Double?
    /// In percent, as all that follow.
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

  /// Reads the bytes of the file; half a line, which a crash leaves, is none, nor is one of an epoch that no run has.
  ///
  /// Where epochs begin again, an earlier run wrote before; where they go back, one went on from there.
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

  /// The highest value of a figure, and the first epoch that had it; nil where nothing was evaluated.
  package func best(_ figure: (Line) -> Double?) -> Best? {
    lines.compactMap { line in figure(line).map { Best(accuracy: $0, epoch: line.epoch) } }
      .max { $0.accuracy < $1.accuracy || $0.accuracy == $1.accuracy && $0.epoch > $1.epoch }
  }

  /// The best of a run.
  package struct Best: Equatable, Sendable {
    /// In percent.
    package let accuracy: Double
    /// Counted from 0.
    package let epoch: Int
  }
}
