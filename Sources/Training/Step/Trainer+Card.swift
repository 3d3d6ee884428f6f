import Collective
import Torch

/// Steps whose updates the card guards itself, so that the host learns a step's result when the next is
/// already launched.
extension Trainer {
  /// The factor with which each rank enters a mean over the ranks.
  var shareOfRank: Double { 1 / Double(group.size) }

  /// Launches a step on the card, once all ranks have images for it.
  func launch(
    _ inputs: StepInputs, epoch: Int, _ signals: RankSignals, on cardStep: CardStep
  ) throws(TrainingError) -> LaunchedStep {
    let all = try agreed(cardStep.canRepeat(with: inputs) ? signals : signals.union(.isUnlike))
    try weightCheck.compareIfDue(after: optimizer.steps)
    clock.begin(.forward)
    let numbers = try cardStep(
      inputs, number: optimizer.steps + 1, repeats: !all.contains(.isUnlike), work: work,
      discard: { flat.takeGradients(ofPart: 0, casts: productWeights?.leaves) },
      agree: { own throws(TrainingError) in try agreed(own ? [] : .isUnlike).isEmpty })
    optimizer.countUpdate()
    return launched(
      inputs, epoch: epoch, all.subtracting(.isUnlike), .coming(Readback(numbers), with: group))
  }

  /// Gathers the ranks' signals before a step that all ranks make, or none.
  ///
  /// The hosts agree on them while the cards still run the step before.
  func agreed(_ signals: RankSignals) throws(TrainingError) -> RankSignals {
    exchange.restartClock()
    guard group.size > 1 || signals.contains(.lacksImages) else { return signals }
    clock.begin(.communicate)
    let all = try exchange.united(signals)
    if all.contains(.lacksImages) { throw .imagesMissing }
    return all
  }

  /// Enqueues all of a step's work on the card; returns the losses of its parts, averaged over the ranks
  /// where cards sum, and the norm of the mean gradient (float64).
  private func work(_ inputs: StepInputs, _ updateGuard: UpdateGuard) throws(TrainingError) -> Tensor {
    guard let packed = inputs.numbers else { fatalError("a card's update without its numbers") }
    let (count, updateNumbers) = (inputs.parts.count, UpdateNumbers.unpacked(packed))
    let numbers = Tensor.empty([count + 1], .float64, on: flat.device)
    productWeights?.refresh()
    let losses = numbers.narrowed(0, to: 0..<count)
    try forwardAndBackward(inputs, losses)
    if let gradients = flat.cardGradients { try collectively(try sum(gradients, losses)) }
    clock.begin(.optimizer)
    let limits = updateGuard.limits(of: flat.gradients.tensor, numbers)
    optimizer.clipParts()
    optimizer.move(at: updateNumbers, within: limits)  // clips to the gradient norm in `limits`
    average?.move(at: updateNumbers)
    return numbers
  }

  /// Replaces the gradients, and the losses of the step's parts, by their means over the ranks, on the cards.
  private func sum(_ gradients: SymmetricBuffer, _ losses: Tensor) throws(CollectiveError) {
    try reducer.sumOnCards(gradients)
    // Every library sums float32.
    let sums = Tensor.empty([losses.count], on: flat.device)
    sums.copy(from: losses)
    let buffer = SymmetricBuffer(onCard: flat.device.index, sums.cardFloats())
    try group.allReduceSum(buffer, 0..<buffer.count)
    losses.copy(from: sums.scaled(by: shareOfRank))
  }
}
