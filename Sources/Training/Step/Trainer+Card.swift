import Collective
import Torch

/// Steps whose updates the cards decide, all of them alike: the host hears of one when the next is on its way.
extension Trainer {
  /// What of a mean over the ranks one rank adds.
  var shareOfRank: Double { 1 / Double(group.size) }

  /// Has the card make a step, once all ranks are to make it.
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

  /// What any rank has to say before a step that all make, or none.
  ///
  /// That the hosts agree on, and no card waits for it: it is at the step before.
  func agreed(_ signals: RankSignals) throws(TrainingError) -> RankSignals {
    exchange.restartClock()
    guard group.size > 1 || signals.contains(.lacksImages) else { return signals }
    clock.begin(.communicate)
    let all = try exchange.united(signals)
    if all.contains(.lacksImages) { throw .imagesMissing }
    return all
  }

  /// All that a card does in a step; the mean losses of its parts, and then the norm of the mean gradient (float64).
  private func work(_ inputs: StepInputs, _ updateGuard: UpdateGuard) throws(TrainingError) -> Tensor {
    guard let packed = inputs.numbers else { fatalError("a card's update without its numbers") }
    let (count, updateNumbers) = (inputs.parts.count, UpdateNumbers.unpacked(packed))
    let numbers = Tensor.empty([count + 1], .float64, on: flat.device)
    productWeights?.refresh()
    let losses = numbers.narrowed(0, to: 0..<count)
    forwardAndBackward(inputs, losses)
    if let gradients = flat.cardGradients { try collectively(try sum(gradients, losses)) }
    clock.begin(.optimizer)
    let limits = updateGuard.limits(of: flat.gradients.tensor, numbers)
    optimizer.clipParts()
    optimizer.move(at: updateNumbers, within: limits)  // clips
    average?.move(at: updateNumbers)
    return numbers
  }

  /// Has the cards put the means over the ranks in the place of their gradients, and of the losses of a step's parts.
  private func sum(_ gradients: SymmetricBuffer, _ losses: Tensor) throws(CollectiveError) {
    try reducer.sumOnCards(gradients)
    // What every library sums.
    let sums = Tensor.empty([losses.count], on: flat.device)
    sums.copy(from: losses)
    let buffer = SymmetricBuffer(onCard: flat.device.index, sums.cardFloats())
    try group.allReduceSum(buffer, 0..<buffer.count)
    losses.copy(from: sums.scaled(by: shareOfRank))
  }
}
