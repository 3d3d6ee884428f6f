import Collective
import Datasets
import Flags
import Recipe
import System
import Training

/// One pass over the training images, or what is left of it, with all that happens after each step.
struct TrainingEpoch {
  private let recipe: Recipe
  private let sampler: Sampler
  private let loader: BatchLoader
  private let rank: Rank
  private let trainer: Trainer
  private let checkpoints: Checkpoints
  private let skipped: SkippedImages

  init(
    _ plan: RunPlan, _ rank: Rank, _ trainer: Trainer, _ checkpoints: Checkpoints
  ) throws(DataError) {
    (self.rank, self.trainer, self.checkpoints) = (rank, trainer, checkpoints)
    recipe = plan.recipe
    sampler = try Sampler(recipe, count: plan.data.training.count)
    skipped = SkippedImages(limit: plan.settings.skipDamaged, of: recipe.data.path, rank)
    loader = BatchLoader(
      folder: plan.data.training, transform: plan.trainingTransform, batchSize: recipe.rankImages,
      seed: recipe.seed, threads: rank.decodeThreads, skips: skipped.mostInARow)
  }

  /// Runs the epoch from a place to its end or its step limit; wherever it ends, `progress` is what all ranks have done.
  ///
  /// Throws on all ranks after the same step: `StopRequested` where one was asked to stop, `SharedFailure` where one
  /// could not read an image, or all have skipped too many.
  func run(_ progress: inout RunProgress, learningRate: Double) throws {
    let batches = batches(of: progress.epoch)
    var place = progress.partial ?? PartialEpoch()
    place.steps = min(place.steps, batches.count)
    skipped.begin(place)
    place.skipped = skipped.ofEpoch
    var epoch = EpochRecord(
      epoch: progress.epoch, learningRate: learningRate, steps: batches.count, place: place)
    for observer in trainer.observers { observer.begin(epoch) }
    // The images of steps that are done are not even decoded.
    loader.start(batches: Array(batches[place.steps...]), epoch: epoch.epoch)
    while epoch.place.steps < batches.count, let (made, damage) = try step(of: epoch) {
      var step = made
      for observer in trainer.observers { observer.finish(step) }
      let excess = step.signals.contains(.skipped) ? try skipped.add(damage) : nil
      step.place.skipped = skipped.ofEpoch
      epoch.place = step.place
      (progress.partial, progress.updates) = (step.place, step.updates)
      step.stallSeconds = try checkpoints.finish(FinishedStep(step), progress)
      for observer in trainer.observers { observer.settle(step) }
      if let excess { throw excess }
      if step.signals.contains(.stop) { throw StopRequested() }
    }
    progress.partial = epoch.place
    for observer in trainer.observers { observer.finish(epoch) }
  }

  /// Makes the next step with all ranks, and what of this rank's images was damaged; nil after the last.
  private func step(of epoch: EpochRecord) throws -> (StepRecord, [Damage])? {
    var watch = Stopwatch()
    let next = Result { () throws(DataError) in try loader.next() }
    let wait = watch.elapsed
    do throws(TrainingError) {
      guard case .success(let batch) = next else {
        try trainer.abstain(signals: checkpoints.signals)
        return nil
      }
      guard let batch else { return nil }
      let damage = batch.damage
      var step = try trainer.step(
        batch, epoch: epoch.epoch, learningRate: epoch.learningRate,
        signals: checkpoints.signals.union(damage.isEmpty ? [] : .skipped))
      loader.recycle(batch)
      step.place = epoch.place
      step.place.steps += 1
      step.place.loss.add(step.loss)
      (step.epochSteps, step.images) = (epoch.steps, recipe.imagesPerUpdate)
      (step.dataSeconds, step.stepSeconds) = (wait, watch.lap())
      return (step, damage)
    } catch {
      guard case .imagesMissing = error else { throw error }
      var own: Failure?
      if case .failure(let failure) = next { own = Failure(failure) }
      throw try SharedFailure(own, in: rank.group) ?? error
    }
  }

  private func batches(of epoch: Int) -> [[Int]] {
    let all = sampler.batches(epoch: epoch, rank: rank.number)
    return Array(all.prefix(recipe.schedule.stepLimit ?? all.count))
  }
}

extension FinishedStep {
  /// A step as checkpoints look at it.
  fileprivate init(_ step: StepRecord) {
    self.init(
      number: step.epoch * step.epochSteps + step.place.steps, endsEpoch: step.place.steps == step.epochSteps,
      signals: step.signals)
  }
}
