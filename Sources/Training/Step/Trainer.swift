public import Collective
public import Datasets
public import Model
public import Recipe
public import Torch

/// Makes training steps, from a batch of pixels to updated weights, together with every other rank.
///
/// Every rank holds the same weights before and after a step. A feature is a value with which the trainer was
/// built.
public final class Trainer {
  /// The network that learns.
  public let network: any Network
  /// The optimizer with its moments.
  public let optimizer: Optimizer
  /// The running average of the weights; nil when the recipe has none.
  let average: WeightEMA?
  /// The dynamic loss scale; nil unless gradients are float16.
  public internal(set) var lossScale: LossScale?

  let recipe: Recipe
  let group: any ProcessGroup
  let parallelism: Parallelism
  /// How fast each parameter learns.
  let pacing: Pacing
  /// The number of updates after which frozen parameters began to learn; nil until then.
  public internal(set) var thawedAfter: Int?
  let flat: FlatParameters
  let exchange: RankExchange
  var reducer: GradientReducer
  private let draws: InputDraws
  let objective: Objective
  var packing: SharedPacking
  /// Sends updated weights during the next forward pass; nil where all are sent at once or nothing is.
  var gather: WeightGather?
  /// A card's weights in the type of its products; nil where that is the weights' own type.
  let productWeights: ProductWeights?
  /// Executes steps that the card guards itself; nil where the ranks decide in host memory, or a loss scale
  /// has to move.
  let cardStep: CardStep?
  /// Why steps on a card are not recorded; nil once it has been reported.
  private var unrecorded: String?
  let clock = PhaseClock()

  /// Observers of the steps: the trainer reports phases, whoever runs the steps everything else.
  public var observers: [any StepObserver] {
    get { clock.observers }
    set { clock.observers = newValue }
  }

  /// Checks that the ranks' weights agree.
  let weightCheck: WeightCheck

  /// Makes a trainer at step 0; `network` must hold the same weights on every rank.
  ///
  /// - Parameters:
  /// - classWeights: The weight of each class in the loss; nil weighs all alike.
  /// - teacher: The network to distil from; nil for none.
  public init(
    _ network: any Network, recipe: Recipe, group: any ProcessGroup, on device: Device,
    parallelism: Parallelism = Parallelism(), classWeights: [Double]? = nil, teacher: Teacher? = nil
  ) throws(TrainingError) {
    self.network = network
    self.recipe = recipe
    (self.group, self.parallelism) = (group, parallelism)
    pacing = Pacing(recipe, network)
    let paces = pacing.paces(thawedAfter: nil)
    let flat = try collectively(
      try FlatParameters(
        network.parameters, over: group, on: device, bucketBytes: parallelism.bucketBytes, paces: paces))
    self.flat = flat
    exchange = RankExchange(
      group, parallelism.updating(by: recipe.optimizer), on: device, clock: clock)
    reducer = GradientReducer(flat, exchange, parallelism)
    // Adaptive clipping leaves the head alone, as in timm and in its authors' code.
    let heads = network.places.indices.filter { network.places[$0].isOfHead }
    optimizer = Optimizer(flat, recipe.optimizer, exchange, unbounded: Set(heads))
    average = recipe.ema.enabled ? WeightEMA(flat, recipe.ema) : nil
    weightCheck = WeightCheck(flat: flat, group: group, interval: parallelism.weightCheckInterval)
    lossScale = recipe.computeType == .float16 ? LossScale() : nil
    let casts = device != .cpu && recipe.computeType != .float32
    productWeights = casts ? ProductWeights(flat, recipe.computeType) : nil
    objective = Objective(
      network, recipe, on: device, recomputesBlocks: parallelism.recomputesBlocks,
      weights: productWeights.map { CastWeights(network.parameters.map(\.tensor), as: $0.leaves) },
      classWeights: classWeights, teacher: teacher)
    packing = SharedPacking(over: group.ofThisHost, clock: clock)
    let isSummedThere = group.size == 1 || flat.cardGradients != nil
    let decidesThere = device != .cpu && isSummedThere && lossScale == nil
    let records = decidesThere && parallelism.recordsSteps
    draws = InputDraws(recipe, for: network, evenShapes: records)
    cardStep =
      decidesThere
      ? CardStep(
        UpdateGuard(on: device, clip: recipe.optimizer.normLimit), on: device, records: records, clock) : nil
    let isUnheard = device != .cpu && !decidesThere && parallelism.recordsSteps
    unrecorded = isUnheard ? CardStep.hostIsNeeded(movesLossScale: lossScale != nil) : nil
    gather = weightGather()
  }

  /// The number of a trainer's first steps on a card that differ from all later ones.
  public static var unlikeSteps: Int { CardStep.warmUps + 1 }

  /// Trains on this rank's share of one update's images, and waits for the result.
  public func step(
    _ batch: PixelBatch, epoch: Int, learningRate: Double, signals: RankSignals = []
  ) throws(TrainingError) -> StepRecord {
    try launch(batch, epoch: epoch, learningRate: learningRate, signals: signals).record()
  }

  /// Trains on this rank's share of one update's images; on a card that guards its updates the step may still
  /// be running when this returns.
  ///
  /// Throws `TrainingError.diverged` on every rank at the same step, before any weight has changed, when the
  /// loss of any rank is not finite, or the gradient is not and there is no loss scale to lower; likewise
  /// `imagesMissing` when any rank abstains. A step whose result is not known yet throws when its record is
  /// asked for.
  public func launch(
    _ batch: PixelBatch, epoch: Int, learningRate: Double, signals: RankSignals = []
  ) throws(TrainingError) -> LaunchedStep {
    clock.start(.forward)
    if let unrecorded { clock.tell(unrecorded) }
    unrecorded = nil
    let inputs = inputs(batch, epoch: epoch, learningRate: learningRate)
    if let cardStep { return try launch(inputs, epoch: epoch, signals, on: cardStep) }
    let there = inputs.moved(to: flat.device)
    try begin()
    let losses = Tensor.empty([there.parts.count], .float64, on: flat.device)
    try packing.lent { () throws(TrainingError) in try forwardAndBackward(there, losses) }
    let all = try reduced(mean(losses.elements(as: Double.self)), signals)
    if try isUsable(all) {
      try weightCheck.compareIfDue(after: optimizer.steps)
      clock.begin(.optimizer)
      let numbers = there.numbers.map(UpdateNumbers.unpacked)
      optimizer.update(
        learningRate: inputs.learningRate, gradientScale: all.gradientScale, numbers: numbers)
      try share(numbers)
    }
    return launched(inputs, epoch: epoch, all.signals, .known(loss: all.loss, gradientNorm: all.gradientNorm))
  }

  /// Takes part in a step for which this rank has no images, so that no rank makes it.
  ///
  /// Throws `TrainingError.imagesMissing`, as `step` does on all other ranks, before any weight has changed.
  public func abstain(signals: RankSignals = []) throws(TrainingError) {
    let signals = signals.union(.lacksImages)
    if cardStep != nil {
      _ = try agreed(signals)
    } else {
      try begin()
      try settle()
      reducer.expectLastGradients()
      _ = try reduced(0, signals)
    }
  }

  /// Runs `body` while the network has the averaged weights; returns nil without running it where there is no
  /// average.
  ///
  /// Where weights may be owed, every rank must call it, as `settle()`.
  public func withAverage<Result>(_ body: () throws -> Result) throws -> Result? {
    try settle()
    return try average?.lent(body)
  }

  /// Starts a step on each rank, whether it has images or not.
  private func begin() throws(TrainingError) {
    flat.zeroGradients()
    productWeights?.refresh()
    guard let gather, gather.isOwed, !packing.isNoting else {
      try settle()
      return try collectively(try packing.pack())
    }
    gather.start()
  }

  /// Prepares everything that the step reads besides the weights, in host memory.
  private func inputs(_ batch: PixelBatch, epoch: Int, learningRate: Double) -> StepInputs {
    var inputs = draws.inputs(
      batch, epoch: epoch, draws: (0..<recipe.accumulation).map(draw), learningRate: learningRate,
      factor: cardStep == nil ? lossScale?.factor ?? 1 : shareOfRank)
    guard !flat.isOnHost else { return inputs }
    let number = optimizer.steps + 1
    inputs.numbers = UpdateNumbers.packed(
      flat.layout.paces, number: number, learningRate: learningRate,
      averageShare: average?.share(after: number) ?? 0)
    return inputs
  }

  /// Adds the mean gradient of the batch's parts to the flat gradients, and writes the parts' losses to
  /// `losses` (float64).
  func forwardAndBackward(_ inputs: StepInputs, _ losses: Tensor) throws(TrainingError) {
    for (index, part) in inputs.parts.enumerated() {
      clock.begin(.forward)
      let loss = objective(part)
      // The sums of gradients need the group.
      try settle()
      clock.begin(.backward)
      if index == inputs.parts.count - 1 { reducer.expectLastGradients() }
      (inputs.lossFactor == 1 ? loss : loss.scaled(by: inputs.lossFactor)).backward()
      flat.takeGradients(ofPart: index, casts: productWeights?.leaves)
      losses.selected(0, index).copy(from: loss)
    }
  }

  /// Sums the gradients over the ranks, and gathers what all ranks then know.
  private func reduced(_ loss: Double, _ signals: RankSignals) throws(TrainingError) -> StepSummary {
    clock.begin(.communicate)
    try collectively(try reducer.finish())
    let own = RankReport(signals: signals, loss: loss, squares: try reducer.ownSquares())
    let all = StepSummary(
      try collectively(try exchange.all(own)), lossScale: lossScale?.factor ?? 1,
      clip: recipe.optimizer.normLimit)
    if all.signals.contains(.lacksImages) { throw .imagesMissing }
    return all
  }

  /// Whether the step may change the weights: throws where the run has diverged, and moves the loss scale,
  /// alike on all ranks.
  private func isUsable(_ all: StepSummary) throws(TrainingError) -> Bool {
    guard all.loss.isFinite, all.gradientNorm.isFinite || lossScale != nil else {
      throw .diverged(loss: all.loss, gradientNorm: all.gradientNorm)
    }
    lossScale?.update(gradientWasFinite: all.gradientNorm.isFinite)
    guard lossScale?.isExhausted != true else {
      throw .diverged(loss: all.loss, gradientNorm: all.gradientNorm)
    }
    return all.gradientNorm.isFinite
  }

  func launched(
    _ inputs: StepInputs, epoch: Int, _ signals: RankSignals, _ outcome: LaunchedStep.Outcome
  ) -> LaunchedStep {
    // Weights that are owed are sent in the next step's time.
    defer { exchange.restartClock() }
    return LaunchedStep(
      epoch: epoch, updates: optimizer.steps, learningRate: inputs.learningRate, signals: signals,
      phases: clock.finish(), communication: exchange.time, outcome: outcome)
  }

  /// The number of a part among all parts of this run's updates, so the same after a resume; a part whose
  /// update was skipped shares its number with the part that replaces it.
  private func draw(part: Int) -> Int {
    (optimizer.steps * recipe.accumulation + part) * group.size + group.rank
  }
}

/// Why training or evaluation ended early.
public enum TrainingError: Error, Sendable {
  /// The loss or the gradient is not finite.
  case diverged(loss: Double, gradientNorm: Double)
  /// After `steps` updates these ranks hold other weights than the majority; all ranks where there is no
  /// majority.
  case weightsDiffer(ranks: [Int], steps: Int)
  /// A rank could not read its images for a step, so no rank made it.
  case imagesMissing
  /// A peer was lost, or is in another operation than this rank.
  case collective(CollectiveError)
}

/// Runs collective operations and turns their error into a training error.
func collectively<Result>(
  _ body: @autoclosure () throws(CollectiveError) -> Result
) throws(TrainingError) -> Result {
  do { return try body() } catch { throw .collective(error) }
}
