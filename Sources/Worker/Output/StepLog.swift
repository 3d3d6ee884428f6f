import System
import Training

/// `train.jsonl`: logs steps, with what happened since the line before.
final class StepLog: StepObserver {
  private let lines: JSONLines
  private let interval: Int
  private var watch = Stopwatch()
  private var steps = 0
  private var stall: Double?

  /// Writes a line after every `interval` steps, and after an epoch's last one.
  init(_ lines: JSONLines, every interval: Int) { (self.lines, self.interval) = (lines, interval) }

  func begin(_ epoch: EpochRecord) { (watch, steps, stall) = (Stopwatch(), 0, nil) }

  func settle(_ step: StepRecord) {
    steps += 1
    if let seconds = step.stallSeconds { stall = (stall ?? 0) + seconds }
    guard step.isLogged(every: interval) else { return }
    lines.add(results(step) + measurements(step))
    (steps, stall) = (0, nil)
  }

  private func results(_ step: StepRecord) -> [(key: String, value: JSONNumber)] {
    let skipped = step.place.skipped.map { [("skipped_pictures", JSONNumber.integer($0.count))] } ?? []
    return [
      ("epoch", .integer(step.epoch)), ("step", .integer(step.updates)),
      ("epoch_step", .integer(step.place.steps)), ("loss", .real(step.loss)),
      ("lr", .real(step.learningRate)), ("grad_norm", .real(step.gradientNorm)),
    ] + skipped
  }

  /// Seconds, and images per second of all ranks.
  private func measurements(_ step: StepRecord) -> [(key: String, value: JSONNumber)] {
    let held = stall.map { [("checkpoint_stall_seconds", JSONNumber.real($0))] } ?? []
    return [
      ("images_per_second", .real(Double(steps * step.images) / watch.lap())),
      ("step_seconds", .real(step.stepSeconds)), ("data_seconds", .real(step.dataSeconds)),
      ("communication_seconds", .real(step.communication.seconds)),
      ("exposed_seconds", .real(step.communication.exposedSeconds)),
    ] + held
  }
}
