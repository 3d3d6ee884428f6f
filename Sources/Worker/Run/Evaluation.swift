import Datasets
import Model
import Recipe
import System
import Torch
import Training
import WorkerLink

/// One pass of all ranks over the validation images, with the reference's output lines.
struct Evaluation {
  let rank: Rank
  /// Divides the images among ranks.
  let sampler: EvaluationSampler
  let loader: BatchLoader
  let kernels: Kernels
  private let classes: [ClassName]
  private let evaluator: Evaluator
  private let waits: ImageWaitWarning?

  /// The number of batches between two exchanges of stop requests.
  private static let batchesOfTurn = 8

  /// Prepares an evaluation on all of `images`, whose files come from `source`.
  ///
  /// - Parameter staysInMemory: Whether more memory for images would not help.
  init(
    _ recipe: Recipe, _ images: ImageFolder, from source: any ImageSource, staysInMemory: Bool, _ rank: Rank
  ) {
    self.rank = rank
    (kernels, classes) = (recipe.kernels, images.classes)
    sampler = EvaluationSampler(
      count: images.count, worldSize: recipe.worldSize, batchSize: recipe.evaluationBatch,
      share: images.share)
    evaluator = Evaluator(recipe: recipe, group: rank.group, on: rank.device)
    let loader = BatchLoader(
      folder: source, transform: recipe.data.evaluationTransform,
      batchSize: recipe.evaluationBatch, seed: recipe.seed, threads: rank.decodeThreads)
    self.loader = loader
    let wait = ImageWait(
      threads: rank.decodeThreads, processors: rank.processors, isPacked: images.isPacked,
      isCached: staysInMemory, waiter: .evaluation)
    waits = rank.isFirst ? ImageWaitWarning(wait, work: { loader.work }, warn: Console.warn) : nil
  }

  /// Which weights are evaluated, as named in the output: scripts that look for the reference's lines find
  /// those of the run's own weights.
  enum Kind {
    case own, averaged

    var header: String { self == .own ? "Test:" : "Test (EMA):" }
    var accuracy: String { self == .own ? "* Acc@1" : "* EMA Acc@1" }
    var network: String { self == .own ? "the network" : "the averaged network" }
  }

  /// Evaluates this rank's share; returns the counts of all ranks, equal on each.
  ///
  /// Throws alike on all ranks: `StopRequested` if one was asked to stop, `SharedFailure` if one could not
  /// read an image.
  func run(_ network: any Network, _ kind: Kind = .own) throws -> Evaluator.Tally {
    try pass(sampler.batches(rank: rank.number), kind) { batch in evaluator.launch(batch, by: network) }
  }

  /// Evaluates image by image, with the same bits for any number of ranks with equally many threads.
  func examine(_ network: any Network, _ kind: Kind = .own) throws -> Examination {
    var verdicts: [Verdict] = []
    _ = try pass(sampler.wholeBatches(rank: rank.number), kind) { batch in
      let (tally, ofBatch) = evaluator.verdicts(batch, by: network)
      verdicts += ofBatch
      return tally
    }
    rank.phases.enter(.communicate)
    return Examination(try evaluator.gather(verdicts), classes: classes.count)
  }

  /// Goes through this rank's batches; returns the counts of all ranks.
  private func pass(
    _ batches: [[Int]], _ kind: Kind, _ launch: (PixelBatch) -> LaunchedTally
  ) throws -> Evaluator.Tally {
    let watch = Stopwatch()
    let own = try tally(batches, kind, launch)
    rank.console.print(
      ReferenceLines.total(header: kind.header, seconds: watch.elapsed, steps: batches.count))
    rank.phases.enter(.communicate)
    let all = try evaluator.sum(own, classes: classes.count)
    rank.console.print(
      "\(kind.accuracy) \(fixed(all.accuracy1, 3)) Acc@5 \(fixed(all.accuracy5, 3)) loss \(fixed(all.meanLoss, 3))"
    )
    rank.console.print(
      "Accuracy of \(kind.network) on the \(all.images) test images: \(fixed(all.accuracy1, 1))%")
    return all
  }

  /// Prints the results by class, after the reference's lines.
  func sayClasses(_ tally: Evaluator.Tally, _ kind: Kind = .own) {
    let prefix = kind == .own ? "" : "EMA "
    for line in ClassLines(tally.classes, classes).text(prefix: prefix) { rank.console.print(line) }
  }

  private func tally(
    _ batches: [[Int]], _ kind: Kind, _ launch: (PixelBatch) -> LaunchedTally
  ) throws -> Evaluator.Tally {
    var progress = Progress()
    let longest = sampler.mostBatches
    loader.start(batches: batches, epoch: 0)
    waits?.begin()
    for start in stride(from: 0, to: longest, by: Self.batchesOfTurn) {
      let turn = start..<min(start + Self.batchesOfTurn, longest)
      var signals: RankSignals = []
      var failure: Failure?
      do {
        try evaluate(turn.clamped(to: batches.indices), of: batches.count, kind, &progress, launch)
      } catch let error as DataError {
        failure = Failure(error)
        signals.insert(.lacksImages)
      }
      // A rank that was asked to stop leaves its batches early; the others hear of it when theirs are done.
      if StopSignal.isRequested { signals.insert(.stop) }
      rank.phases.enter(.communicate)
      let all = try signals.united(in: rank.group)
      if all.contains(.stop) { throw StopRequested() }
      if all.contains(.lacksImages), let shared = try SharedFailure(failure, in: rank.group) {
        throw shared
      }
    }
    settleOpen(&progress, of: batches.count, kind)
    waits?.judge()
    return progress.tally
  }

  /// What a rank has evaluated so far.
  private struct Progress {
    var tally = Evaluator.Tally()
    var meters = EvaluationMeters()
    var timing = Timing()
    /// The batch that a card is still evaluating.
    var open: OpenBatch?
  }

  /// A launched batch.
  private struct OpenBatch {
    let index: Int
    let launched: LaunchedTally
    /// Seconds spent on it so far.
    let seconds: Double
  }

  /// Evaluates these batches, or those before a stop request; on a card, the last may still be running.
  private func evaluate(
    _ turn: Range<Int>, of count: Int, _ kind: Kind, _ progress: inout Progress,
    _ launch: (PixelBatch) -> LaunchedTally
  ) throws {
    for index in turn where !StopSignal.isRequested {
      rank.phases.enter(.evaluate)
      let whole = Stopwatch()
      var watch = whole
      guard let batch = try loader.next() else { break }
      let waited = watch.elapsed
      progress.timing.data.add(waited)
      let launched = launch(batch)
      loader.recycle(batch)
      // A batch on a card is counted when the next one is launched, so that the card never waits for this
      // thread.
      let next = OpenBatch(index: index, launched: launched, seconds: watch.lap())
      settleOpen(&progress, of: count, kind)
      progress.open = next
      if launched.isKnown { settleOpen(&progress, of: count, kind) }
      waits?.add(seconds: whole.elapsed, waited: waited)
    }
  }

  /// Waits for the open batch's result, counts it and prints a line.
  private func settleOpen(_ progress: inout Progress, of count: Int, _ kind: Kind) {
    guard let open = progress.open.take() else { return }
    let watch = Stopwatch()
    let tally = open.launched.tally()
    progress.timing.step.add(open.seconds + watch.elapsed)
    progress.tally += tally
    progress.meters.add(tally)
    guard open.index.isMultiple(of: 10) || open.index == count - 1 else { return }
    rank.console.print(
      ReferenceLines.step(
        header: kind.header, index: open.index, of: count, meters: progress.meters.fields,
        timing: progress.timing, peakMegabytes: ProcessMemory.peakMegabytes(on: rank.device)))
  }
}

/// The figures in a line of evaluation output, for one rank's batches: recent median, and mean over all
/// images so far.
struct EvaluationMeters {
  private var loss = SmoothedValue()
  private var accuracy1 = SmoothedValue()
  private var accuracy5 = SmoothedValue()

  /// Adds a batch.
  mutating func add(_ batch: Evaluator.Tally) {
    loss.add(batch.meanLoss, weight: batch.images)
    accuracy1.add(batch.accuracy1, weight: batch.images)
    accuracy5.add(batch.accuracy5, weight: batch.images)
  }

  /// Such as `loss: 0.5230 (0.5410)`, `acc1: …`, `acc5: …`
  var fields: [String] {
    [
      ReferenceLines.meter("loss", loss), ReferenceLines.meter("acc1", accuracy1),
      ReferenceLines.meter("acc5", accuracy5),
    ]
  }
}
