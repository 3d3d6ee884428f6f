import Datasets
import Flags
import Recipe
import System
import Training
import WorkerLink

/// The learning rate test of `--lr-find`: all ranks train while the rate rises, and keep nothing of it.
struct RateSearch {
  private let rank: Rank
  private let trainer: Trainer
  private let recipe: Recipe
  private let sampler: Sampler
  private let loader: BatchLoader
  private let ramp: RateRamp

  /// The number of updates between two lines of output.
  private static let interval = 10

  init(_ plan: RunPlan, _ rank: Rank, _ trainer: Trainer, updates: Int) throws(DataError) {
    (self.rank, self.trainer, recipe) = (rank, trainer, plan.recipe)
    ramp = RateRamp(updates: updates)
    sampler = try Sampler(recipe, of: plan.data.training)
    let skipped = SkippedImages(limit: plan.settings.skipDamaged, of: recipe.data.path, rank)
    loader = BatchLoader(
      folder: plan.data.training, transform: plan.trainingTransform, batchSize: recipe.rankImages,
      seed: recipe.seed, threads: rank.decodeThreads, failures: .replaced(inARow: skipped.mostInARow))
  }

  /// Raises the rate to its end or until the loss has diverged; the same on all ranks.
  func run() throws -> RateTrial {
    trainer.observers = [rank.phases]
    _ = trainer.begin(epoch: 0)
    rank.console.print("Raising the rate over \(counted(ramp.updates, "update"))")
    var (trial, epoch) = (RateTrial(), 0)
    do {
      while trial.points.count < ramp.updates, !trial.isOver {
        let batches = sampler.batches(epoch: epoch, rank: rank.number)
        loader.start(batches: batches.prefix(ramp.updates - trial.points.count), epoch: epoch)
        while !trial.isOver, let batch = try next() { try add(batch, epoch, to: &trial) }
        epoch += 1
      }
    } catch TrainingError.diverged {
      rank.console.print("The loss is no longer finite after \(counted(trial.points.count, "update"))")
    }
    return trial
  }

  /// The images of the next update; throws on all ranks if one of them cannot read its images.
  private func next() throws -> PixelBatch? {
    rank.phases.enter(.data)
    do throws(DataError) {
      return try loader.next()
    } catch {
      try? trainer.abstain()
      throw try SharedFailure(Failure(error), in: rank.group) ?? error
    }
  }

  private func add(_ batch: PixelBatch, _ epoch: Int, to trial: inout RateTrial) throws {
    let rate = ramp.rate(update: trial.points.count, epoch: epoch)
    do throws(TrainingError) {
      let record = try trainer.step(batch, epoch: epoch, learningRate: rate)
      loader.recycle(batch)
      trial.add(rate: rate, loss: record.loss)
    } catch {
      guard case .imagesMissing = error else { throw error }
      throw try SharedFailure(nil, in: rank.group) ?? error
    }
    guard trial.points.count.isMultiple(of: Self.interval), let last = trial.points.last else { return }
    rank.console.print(RateReport.line(last, trial.points.count, of: ramp.updates))
  }
}
