import Datasets
import Flags
import Recipe
import System
import Training

/// One pass over the training images, or what is left of it, with its lines on standard output and in `train.jsonl`.
struct TrainingEpoch {
  let epoch: Int
  let learningRate: Double
  let setup: RunSetup
  let trainer: Trainer
  let loader: BatchLoader
  let checkpoints: Checkpoints
  let skipped: SkippedImages
  let steps: JSONLines?
  /// The state at a place of the epoch.
  let state: (PartialEpoch) -> TrainingState

  private var header: String { "Epoch: [\(epoch)]" }
  private var globalBatch: Int { setup.recipe.imagesPerUpdate }

  /// Runs the epoch from a place to its end or its step limit; wherever it ends, `place` is what all ranks have done.
  ///
  /// Throws on all ranks after the same step: `StopRequested` where one was asked to stop, `SharedFailure` where one
  /// could not read an image, or all have skipped too many.
  func run(from place: inout PartialEpoch) throws {
    let batches = try batches()
    let first = min(place.steps, batches.count)
    place.steps = first
    var timing = Timing()
    var line = StepLine()
    let whole = Stopwatch()
    // The images of steps that are done are not even decoded.
    loader.start(batches: Array(batches[first...]), epoch: epoch)
    setup.phases.begin(epoch: epoch, steps: batches.count, done: first)
    skipped.begin(place)
    place.skipped = skipped.ofEpoch
    for index in first..<batches.count {
      guard let (outcome, damage) = try step(index + 1, of: batches.count, &timing) else { break }
      place.steps = index + 1
      let excess = outcome.signals.contains(.skipped) ? try skipped.add(damage) : nil
      place.skipped = skipped.ofEpoch
      place.loss.add(outcome.loss)
      let step = FinishedStep(
        number: epoch * batches.count + index + 1, endsEpoch: index == batches.count - 1,
        signals: outcome.signals)
      line.add(stall: try checkpoints.finish(step, state(place)))
      if isLogged(index, of: batches.count) { report(place, batches.count, outcome, timing, &line) }
      if let excess { throw excess }
      if step.signals.contains(.stop) { throw StopRequested() }
    }
    setup.console.print(
      ReferenceLines.total(header: header, seconds: whole.elapsed, steps: batches.count - first))
    setup.console.print("Averaged stats: \(rateMeter)  \(ReferenceLines.meter("loss", place.loss))")
  }

  /// Makes the next step with all ranks, and what of this rank's images was damaged; nil after the last.
  private func step(
    _ number: Int, of total: Int, _ timing: inout Timing
  ) throws -> (StepRecord, [Damage])? {
    var watch = Stopwatch()
    let next = Result { () throws(DataError) in try loader.next() }
    let wait = watch.elapsed
    timing.data.add(wait)
    do throws(TrainingError) {
      guard case .success(let batch) = next else {
        try trainer.abstain(signals: checkpoints.signals)
        return nil
      }
      guard let batch else { return nil }
      let damage = batch.damage
      var outcome = try trainer.step(
        batch, epoch: epoch, learningRate: learningRate,
        signals: checkpoints.signals.union(damage.isEmpty ? [] : .skipped))
      loader.recycle(batch)
      let seconds = watch.lap()
      timing.step.add(seconds)
      (outcome.epochStep, outcome.epochSteps, outcome.images) = (number, total, globalBatch)
      (outcome.dataSeconds, outcome.stepSeconds) = (wait, seconds)
      setup.phases.finish(outcome)
      return (outcome, damage)
    } catch {
      guard case .imagesMissing = error else { throw error }
      var own: Failure?
      if case .failure(let failure) = next { own = Failure(failure) }
      throw try SharedFailure(own, in: setup.group) ?? error
    }
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
    _ place: PartialEpoch, _ total: Int, _ outcome: StepRecord, _ timing: Timing, _ line: inout StepLine
  ) {
    setup.console.print(
      ReferenceLines.step(
        header: header, index: place.steps - 1, of: total,
        meters: [rateMeter, ReferenceLines.meter("loss", place.loss)],
        timing: timing, fps: timing.fps(images: globalBatch)))
    steps?.add(
      [
        ("epoch", .integer(epoch)), ("step", .integer(trainer.optimizer.steps)),
        ("epoch_step", .integer(place.steps)), ("loss", .real(outcome.loss)), ("lr", .real(learningRate)),
        ("grad_norm", .real(outcome.gradientNorm)),
      ] + skipped.fields + line.fields(timing, outcome.communication, images: globalBatch))
  }
}
