import System
import Torch
import Training

/// Prints the reference's lines about an epoch's steps to standard output.
final class TrainingLines: StepObserver {
  private let interval: Int
  private let console: Console
  private let device: Device
  private var timing = Timing()
  private var watch = Stopwatch()
  private var stepsBefore = 0

  /// Prints a line after every `interval` steps, and after an epoch's last one.
  init(every interval: Int, of device: Device, on console: Console) {
    (self.interval, self.device, self.console) = (interval, device, console)
  }

  func begin(_ epoch: EpochRecord) {
    (timing, watch, stepsBefore) = (Timing(), Stopwatch(), epoch.place.steps)
  }

  func settle(_ step: StepRecord) {
    timing.step.add(step.stepSeconds)
    timing.data.add(step.dataSeconds)
    guard step.isLogged(every: interval) else { return }
    console.print(
      ReferenceLines.step(
        header: header(step.epoch), index: step.place.steps - 1, of: step.epochSteps,
        meters: [rate(step.learningRate), ReferenceLines.meter("loss", step.place.loss)],
        timing: timing, fps: timing.fps(images: step.images),
        peakMegabytes: ProcessMemory.peakMegabytes(on: device)))
  }

  func hear(_ sentence: String) { console.print(sentence) }

  func finish(_ epoch: EpochRecord) {
    console.print(
      ReferenceLines.total(
        header: header(epoch.epoch), seconds: watch.elapsed, steps: epoch.place.steps - stepsBefore))
    console.print(
      "Averaged stats: \(rate(epoch.learningRate))  \(ReferenceLines.meter("loss", epoch.place.loss))")
  }

  private func header(_ epoch: Int) -> String { "Epoch: [\(epoch)]" }
  private func rate(_ rate: Double) -> String { "lr: \(fixed(rate, 6))" }
}

extension StepRecord {
  /// Whether the step has a line: an epoch's first and last step always do.
  func isLogged(every interval: Int) -> Bool {
    (place.steps - 1).isMultiple(of: interval) || place.steps == epochSteps
  }
}
