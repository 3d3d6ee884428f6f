import Data
import Flags
import Recipe
import Training

/// One pass over the training pictures, or what is left of it, with its lines on standard output and in `train.jsonl`.
struct TrainingEpoch {
  let epoch: Int
  /// What an earlier attempt has done of it.
  let start: PartialEpoch
  let learningRate: Double
  let setup: RunSetup
  let trainer: Trainer
  let loader: BatchLoader
  let checkpoints: Checkpoints
  let steps: JSONLines?
  /// The state at a place of the epoch.
  let state: (PartialEpoch) -> TrainingState

  /// How an epoch ended.
  struct Result {
    /// Mean loss over its steps, of all ranks.
    let loss: Double
    /// Where a rank asked to stop; nil at its end.
    let stopped: TrainingState?
  }

  private var header: String { "Epoch: [\(epoch)]" }
  private var globalBatch: Int { setup.recipe.picturesPerUpdate }

  /// Runs the epoch to its end, its step limit, or the step at which a rank asks to stop.
  func run() throws -> Result {
    let batches = try batches()
    let first = min(start.steps, batches.count)
    var timing = Timing()
    var place = PartialEpoch(steps: first, loss: start.loss)
    var line = StepLine()
    let whole = Stopwatch()
    // The pictures of steps that are done are not even decoded.
    loader.start(batches: Array(batches[first...]), epoch: epoch)
    setup.sections.begin(epoch: epoch, steps: batches.count, done: first)
    for index in first..<batches.count {
      var watch = Stopwatch()
      guard let batch = try loader.next() else { break }
      timing.data.add(watch.elapsed)
      let outcome = try trainer.step(
        batch, epoch: epoch, learningRate: learningRate, signals: checkpoints.signals)
      loader.recycle(batch)
      let seconds = watch.lap()
      timing.step.add(seconds)
      setup.sections.finishStep(loss: outcome.loss, pictures: globalBatch, seconds: seconds)
      place.steps = index + 1
      place.loss.add(outcome.loss)
      let step = FinishedStep(
        number: epoch * batches.count + index + 1, endsEpoch: index == batches.count - 1,
        signals: outcome.signals)
      line.add(stall: try checkpoints.finish(step, state(place)))
      if isLogged(index, of: batches.count) { report(place, batches.count, outcome, timing, &line) }
      if step.signals.contains(.stop) {
        return Result(loss: place.loss.globalAverage, stopped: state(place))
      }
    }
    setup.voice.say(
      ReferenceLines.total(header: header, seconds: whole.elapsed, steps: batches.count - first))
    setup.voice.say("Averaged stats: \(rateMeter)  \(ReferenceLines.meter("loss", place.loss))")
    return Result(loss: place.loss.globalAverage, stopped: nil)
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
    _ place: PartialEpoch, _ total: Int, _ outcome: Trainer.Outcome, _ timing: Timing, _ line: inout StepLine
  ) {
    setup.voice.say(
      ReferenceLines.step(
        header: header, index: place.steps - 1, of: total,
        meters: [rateMeter, ReferenceLines.meter("loss", place.loss)],
        timing: timing, fps: timing.fps(pictures: globalBatch)))
    steps?.add(
      [
        ("epoch", .integer(epoch)), ("step", .integer(trainer.optimizer.steps)),
        ("epoch_step", .integer(place.steps)), ("loss", .real(outcome.loss)), ("lr", .real(learningRate)),
        ("grad_norm", .real(outcome.gradientNorm)),
      ] + line.fields(timing, outcome.communication, pictures: globalBatch))
  }
}
