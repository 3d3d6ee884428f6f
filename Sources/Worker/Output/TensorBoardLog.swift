import Datasets
import Foundation
import Recipe
import System
import TensorBoard
import Torch
import Training

/// Writes a run's results as TensorBoard curves after each logged step and each epoch, over the run's
/// updates.
final class TensorBoardLog: StepObserver {
  /// The tag that marks an epoch's event.
  static let epoch = "epoch"

  private let file: GrowingFile
  private let interval: Int
  private let device: Device
  private let mistakes: MistakePictures?
  private let now: () -> Double
  private var watch = Stopwatch()
  private var steps = 0
  /// The updates at the last point, so that no step gets two.
  private var updates = 0

  /// Writes a point after every `interval` steps, and after an epoch's last one.
  init(
    _ file: GrowingFile, every interval: Int, of device: Device, mistakes: MistakePictures? = nil,
    now: @escaping () -> Double = { Date().timeIntervalSince1970 }
  ) {
    (self.file, self.interval, self.device, self.now) = (file, interval, device, now)
    self.mistakes = mistakes
  }

  /// Adds the run's settings, for TensorBoard's table of runs.
  func add(_ recipe: Recipe) {
    add([.hyperparameters(recipe.tree.leaves().map { ($0.name, .init($0.value)) })], step: 0)
  }

  /// Adds a picture as a PNG file.
  func add(_ sheet: ImageSheet, _ tag: String) {
    guard let png = sheet.png else { return }
    add([.image(tag, width: sheet.width, height: sheet.height, png: png)], step: 0)
  }

  func begin(_ epoch: EpochRecord) { (watch, steps) = (Stopwatch(), 0) }

  func settle(_ step: StepRecord) {
    steps += 1
    guard step.isLogged(every: interval), step.updates > updates else { return }
    updates = step.updates
    add(results(step) + times(step), step: step.updates)
    steps = 0
  }

  func finish(_ summary: EpochSummary) {
    updates = max(updates, summary.updates)
    add(
      [.scalar(Self.epoch, Double(summary.epoch)), .scalar("train/epoch_loss", summary.trainingLoss)]
        + values(summary.tally, "eval") + values(summary.averageTally, "eval_ema")
        + (mistakes?.values(of: summary) ?? []), step: updates)
  }

  private func results(_ step: StepRecord) -> [SummaryValue] {
    [
      .scalar("train/loss", step.loss), .scalar("train/lr", step.learningRate),
      .scalar("train/grad_norm", step.gradientNorm),
      .scalar("speed/images_per_second", Double(steps * step.images) / watch.lap()),
      .scalar("speed/memory_megabytes", ProcessMemory.peakMegabytes(on: device)),
    ]
  }

  /// Seconds of the first rank's step.
  private func times(_ step: StepRecord) -> [SummaryValue] {
    let phases = StepPhase.allCases.compactMap { phase in
      step.phases[phase].map { SummaryValue.scalar("seconds/\(phase)", $0) }
    }
    return [.scalar("seconds/step", step.stepSeconds), .scalar("seconds/data", step.dataSeconds)] + phases + [
      .scalar("seconds/exchange", step.communication.seconds),
      .scalar("seconds/exchange_exposed", step.communication.exposedSeconds),
    ]
  }

  private func values(_ tally: Evaluator.Tally?, _ section: String) -> [SummaryValue] {
    guard let tally else { return [] }
    return [
      .scalar("\(section)/acc1", tally.accuracy1), .scalar("\(section)/acc5", tally.accuracy5),
      .scalar("\(section)/loss", tally.meanLoss),
    ] + (tally.balancedAccuracy.map { [.scalar("\(section)/balanced_acc", $0)] } ?? [])
  }

  private func add(_ values: [SummaryValue], step: Int) {
    file.add(Event(values, step: step, at: now()).record)
  }
}

extension SummaryValue.Hyperparameter {
  /// Converts a value of a recipe.
  fileprivate init(_ value: JSONTree) {
    switch value {
    case .truth(let truth): self = .truth(truth)
    case .integer(let number): self = .number(Double(number))
    case .real(let number): self = .number(number)
    case .null, .large, .text, .list, .object: self = .text(value.description)
    }
  }
}
