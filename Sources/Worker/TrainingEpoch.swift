import Data
import Flags
import Recipe
import Training

/// One pass over the training pictures, with its lines on standard output and in `train.jsonl`.
struct TrainingEpoch {
  let epoch: Int
  let learningRate: Double
  let setup: RunSetup
  let trainer: Trainer
  let loader: BatchLoader
  let steps: JSONLines?

  /// How an epoch ended.
  struct Result {
    /// Mean loss over its steps, of all ranks.
    let loss: Double
    /// Whether a rank asked to stop before its end.
    let stopped: Bool
  }

  private var header: String { "Epoch: [\(epoch)]" }
  private var globalBatch: Int { setup.recipe.picturesPerUpdate }

  /// Runs the epoch to its end, its step limit, or the step at which a rank asks to stop.
  func run() throws -> Result {
    let batches = try batches()
    var timing = Timing()
    var loss = SmoothedValue()
    let whole = Stopwatch()
    var interval = Stopwatch()
    loader.start(batches: batches, epoch: epoch)
    for index in batches.indices {
      var watch = Stopwatch()
      guard let batch = try loader.next() else { break }
      timing.data.add(watch.elapsed)
      let outcome = try trainer.step(
        batch, epoch: epoch, learningRate: learningRate, stopRequested: StopSignal.isRequested)
      loader.recycle(batch)
      timing.step.add(watch.lap())
      loss.add(outcome.loss)
      if isLogged(index, of: batches.count) {
        report(index, batches.count, outcome, loss, timing, interval: interval.lap())
      }
      if outcome.stops { return Result(loss: loss.globalAverage, stopped: true) }
    }
    setup.voice.say(
      ReferenceLines.total(header: header, seconds: whole.elapsed, steps: batches.count))
    setup.voice.say("Averaged stats: \(rateMeter)  \(ReferenceLines.meter("loss", loss))")
    return Result(loss: loss.globalAverage, stopped: false)
  }

  private func batches() throws(DataError) -> [[Int]] {
    let all = try Sampler(setup.recipe, count: setup.data.training.count)
      .batches(epoch: epoch, rank: setup.placement.rank)
    return Array(all.prefix(setup.recipe.schedule.stepLimit ?? all.count))
  }

  private var rateMeter: String { "lr: \(fixed(learningRate, 6))" }

  private func isLogged(_ index: Int, of total: Int) -> Bool {
    index.isMultiple(of: setup.flags.logEvery) || index == total - 1
  }

  private func report(
    _ index: Int, _ total: Int, _ outcome: Trainer.Outcome, _ loss: SmoothedValue, _ timing: Timing,
    interval: Double
  ) {
    setup.voice.say(
      ReferenceLines.step(
        header: header, index: index, of: total, meters: [rateMeter, ReferenceLines.meter("loss", loss)],
        timing: timing, fps: timing.fps(pictures: globalBatch)))
    let done = index == 0 ? 1 : (index - 1) % setup.flags.logEvery + 1
    steps?.add([
      "epoch": .integer(epoch), "step": .integer(trainer.optimizer.steps), "loss": .real(outcome.loss),
      "lr": .real(learningRate), "grad_norm": .real(outcome.gradientNorm),
      "images_per_second": .real(Double(done * globalBatch) / interval),
      "step_seconds": .real(timing.step.latest), "data_seconds": .real(timing.data.latest),
      "communication_seconds": .real(outcome.communication.seconds),
      "exposed_seconds": .real(outcome.communication.exposedSeconds),
    ])
  }
}
