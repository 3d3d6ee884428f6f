import Collective
import Datasets
import Flags
import Recipe
import System
import Training

/// One pass over the training images, or the rest of one, with everything that follows each step.
struct TrainingEpoch {
  private let recipe: Recipe
  private let sampler: Sampler
  private let loader: BatchLoader
  private let rank: Rank
  private let trainer: Trainer
  private let checkpoints: Checkpoints
  private let skipped: SkippedImages

  init(
    _ plan: RunPlan, _ images: any ImageSource, _ rank: Rank, _ trainer: Trainer, _ checkpoints: Checkpoints
  ) throws(DataError) {
    (self.rank, self.trainer, self.checkpoints) = (rank, trainer, checkpoints)
    recipe = plan.recipe
    sampler = try Sampler(recipe, of: plan.data.training)
    skipped = SkippedImages(limit: plan.settings.skipDamaged, of: recipe.data.path, rank)
    loader = BatchLoader(
      folder: images, transform: plan.trainingTransform, batchSize: recipe.rankImages,
      seed: recipe.seed, threads: rank.decodeThreads, failures: .replaced(inARow: skipped.mostInARow))
  }

  /// The work of the decode threads.
  var loaderWork: LoaderWork { loader.work }

  /// Runs the epoch from a place to its end or its step limit; afterwards `progress` is what all ranks have
  /// done, even on an error.
  ///
  /// - Returns: The mean learning rate of the epoch's updates.
  ///
  /// Throws on all ranks after the same step: `StopRequested` if one was asked to stop, `SharedFailure` if
  /// one could not read an image, or all have skipped too many.
  func run(_ progress: inout RunProgress, _ rates: any RateSchedule) throws -> Double {
    let batches = batches(of: progress.epoch)
    let first = progress.epoch * batches.count
    let rate = rates.meanRate(of: first..<first + batches.count, epoch: progress.epoch)
    var place = progress.partial ?? PartialEpoch()
    place.steps = min(place.steps, batches.count)
    skipped.begin(place)
    place.skipped = skipped.ofEpoch
    var epoch = EpochRecord(
      epoch: progress.epoch, learningRate: rate, steps: batches.count, place: place)
    for observer in trainer.observers { observer.begin(epoch) }
    // The images of completed steps are not decoded.
    loader.start(batches: batches.dropFirst(place.steps), epoch: epoch.epoch)
    // A step on a card is settled when the next one is launched, so that the card never waits for this
    // thread.
    var open: OpenStep?
    func settleOpen() throws {
      guard let step = open else { return }
      open = nil
      try settle(step, &epoch, &progress)
    }
    for number in (place.steps + 1)..<(batches.count + 1) {
      let next = next()
      let launched: OpenStep?
      do {
        launched = try launch(number, of: epoch, next, rates)
      } catch TrainingError.imagesMissing {
        // All ranks have made the previous step.
        try settleOpen()
        throw try missingImages(next)
      }
      guard let step = launched else { break }
      try settleOpen()
      open = step
      if step.isSettledAtOnce { try settleOpen() }
    }
    try settleOpen()
    progress.partial = epoch.place
    for observer in trainer.observers { observer.finish(epoch) }
    return rate
  }

  /// A step's batch, or why there is none, with the time spent waiting for it.
  private struct NextBatch {
    let batch: Result<PixelBatch?, DataError>
    let watch: Stopwatch
    let wait: Double
  }

  /// A launched step that is not settled yet.
  private struct OpenStep {
    let launched: LaunchedStep
    /// The damaged images of this rank's batch.
    let damage: [Damage]
    /// Seconds waited for the images, and seconds in all so far.
    let seconds: (data: Double, all: Double)
    /// Whether a checkpoint follows the step.
    let saves: Bool

    /// Whether the result is known already, or must be handled before the next step.
    var isSettledAtOnce: Bool {
      launched.isKnown || saves || !launched.signals.subtracting(.isSaving).isEmpty
    }
  }

  private func next() -> NextBatch {
    let watch = Stopwatch()
    let batch = Result { () throws(DataError) in try loader.next() }
    return NextBatch(batch: batch, watch: watch, wait: watch.elapsed)
  }

  /// Launches step `number` of the epoch with all ranks; nil if there are no images for it.
  private func launch(
    _ number: Int, of epoch: EpochRecord, _ next: NextBatch, _ rates: any RateSchedule
  ) throws -> OpenStep? {
    guard case .success(let batch) = next.batch else {
      try trainer.abstain(signals: checkpoints.signals)
      return nil
    }
    guard let batch else { return nil }
    let damage = batch.damage
    let rate = rates.rate(update: epoch.epoch * epoch.steps + number - 1, epoch: epoch.epoch)
    let launched = try trainer.launch(
      batch, epoch: epoch.epoch, learningRate: rate,
      signals: checkpoints.signals.union(damage.isEmpty ? [] : .skipped))
    loader.recycle(batch)
    let step = FinishedStep(
      number: epoch.epoch * epoch.steps + number, endsEpoch: number == epoch.steps,
      signals: launched.signals)
    return OpenStep(
      launched: launched, damage: damage, seconds: (next.wait, next.watch.elapsed),
      saves: checkpoints.areDue(after: step))
  }

  /// The error of a step that was not made because a rank had no images, in that rank's words.
  private func missingImages(_ next: NextBatch) throws -> any Error {
    var own: Failure?
    if case .failure(let failure) = next.batch { own = Failure(failure) }
    return try SharedFailure(own, in: rank.group) ?? TrainingError.imagesMissing
  }

  /// Waits for a step's result and does everything that follows it.
  private func settle(_ open: OpenStep, _ epoch: inout EpochRecord, _ progress: inout RunProgress) throws {
    let watch = Stopwatch()
    var step = try open.launched.record()
    step.place = epoch.place
    step.place.steps += 1
    step.place.loss.add(step.loss)
    (step.epochSteps, step.images) = (epoch.steps, recipe.imagesPerUpdate)
    (step.dataSeconds, step.stepSeconds) = (open.seconds.data, open.seconds.all + watch.elapsed)
    for observer in trainer.observers { observer.finish(step) }
    let excess = step.signals.contains(.skipped) ? try skipped.add(open.damage) : nil
    step.place.skipped = skipped.ofEpoch
    epoch.place = step.place
    (progress.partial, progress.updates) = (step.place, step.updates)
    if open.saves { step.stallSeconds = try checkpoints.save(progress) }
    for observer in trainer.observers { observer.settle(step) }
    if let excess { throw excess }
    if step.signals.contains(.stop) { throw StopRequested() }
  }

  private func batches(of epoch: Int) -> Slice<RankBatches> {
    let all = sampler.batches(epoch: epoch, rank: rank.number)
    return all.prefix(recipe.schedule.stepLimit ?? all.count)
  }
}
