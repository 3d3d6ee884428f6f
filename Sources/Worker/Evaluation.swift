import Board
import Data
import Model
import Recipe
import Training

/// One pass over the held-out pictures by all ranks together, with the reference's lines.
struct Evaluation {
  let setup: RunSetup
  let evaluator: Evaluator
  let loader: BatchLoader

  /// Evaluates this rank's share; the counts of all ranks, the same everywhere.
  func run(_ network: Twins) throws -> Evaluator.Tally {
    let watch = Stopwatch()
    let batches = EvaluationSampler(
      count: setup.data.validation.count, worldSize: setup.recipe.worldSize, batchSize: setup.evaluationBatch
    ).batches(rank: setup.placement.rank)
    let own = try tally(batches, by: network)
    setup.voice.say(ReferenceLines.total(header: "Test:", seconds: watch.elapsed, steps: batches.count))
    setup.sections.enter(.communicate)
    let all = try evaluator.sum(own)
    setup.voice.say(
      "* Acc@1 \(fixed(all.accuracy1, 3)) Acc@5 \(fixed(all.accuracy5, 3)) loss \(fixed(all.meanLoss, 3))")
    setup.voice.say(
      "Accuracy of the network on the \(all.pictures) test images: \(fixed(all.accuracy1, 1))%")
    return all
  }

  private func tally(_ batches: [[Int]], by network: Twins) throws -> Evaluator.Tally {
    var own = Evaluator.Tally()
    var meters = EvaluationMeters()
    var timing = Timing()
    loader.start(batches: batches, epoch: 0)
    for index in batches.indices {
      setup.sections.enter(.evaluate)
      var watch = Stopwatch()
      guard let batch = try loader.next() else { break }
      timing.data.add(watch.elapsed)
      let tally = evaluator.tally(batch, by: network)
      loader.recycle(batch)
      timing.step.add(watch.lap())
      own += tally
      meters.add(tally)
      if index.isMultiple(of: 10) || index == batches.count - 1 {
        setup.voice.say(
          ReferenceLines.step(
            header: "Test:", index: index, of: batches.count, meters: meters.fields, timing: timing))
      }
    }
    return own
  }
}

/// What a test line shows of one rank's batches: the recent median, and the mean over the pictures so far.
struct EvaluationMeters {
  private var loss = SmoothedValue()
  private var accuracy1 = SmoothedValue()
  private var accuracy5 = SmoothedValue()

  /// Adds a batch.
  mutating func add(_ batch: Evaluator.Tally) {
    loss.add(batch.meanLoss, weight: batch.pictures)
    accuracy1.add(batch.accuracy1, weight: batch.pictures)
    accuracy5.add(batch.accuracy5, weight: batch.pictures)
  }

  /// `loss: 0.5230 (0.5410)`, `acc1: …`, `acc5: …`
  var fields: [String] {
    [
      ReferenceLines.meter("loss", loss), ReferenceLines.meter("acc1", accuracy1),
      ReferenceLines.meter("acc5", accuracy5),
    ]
  }
}
