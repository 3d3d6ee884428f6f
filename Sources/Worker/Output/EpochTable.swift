import System
import Training

/// `summary.csv`: a row for each finished epoch, timm's columns first; unknown values are blank.
final class EpochTable: StepObserver {
  private let file: GrowingFile

  private static let columns = [
    "epoch", "train_loss", "eval_loss", "eval_top1", "eval_top5", "lr", "eval_balanced", "eval_loss_ema",
    "eval_top1_ema", "eval_top5_ema", "eval_balanced_ema",
  ]

  /// Continues a table, or starts one with the column names.
  init(_ file: GrowingFile) {
    self.file = file
    if file.isNew { add(Self.columns) }
  }

  func finish(_ summary: EpochSummary) {
    add(
      ["\(summary.epoch)", cell(summary.trainingLoss)] + cells(summary.tally)
        + [cell(summary.learningRate), cell(summary.tally?.balancedAccuracy)] + cells(summary.averageTally)
        + [cell(summary.averageTally?.balancedAccuracy)])
  }

  private func cells(_ tally: Evaluator.Tally?) -> [String] {
    [tally?.meanLoss, tally?.accuracy1, tally?.accuracy5].map(cell)
  }

  private func cell(_ value: Double?) -> String { value.map { $0.isFinite ? "\($0)" : "" } ?? "" }

  private func add(_ cells: [String]) { file.add(Array(commaSeparated(cells).utf8)) }
}
