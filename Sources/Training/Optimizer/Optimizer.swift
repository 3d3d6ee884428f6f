public import Collective
public import Recipe
import Torch

/// Moves a network's weights along their gradients, or this rank's part of them, with what is remembered between steps.
public final class Optimizer {
  /// Updates made so far.
  public private(set) var steps = 0

  let flat: FlatNetwork
  let exchange: RankExchange
  let rule: any UpdateRule
  /// For each of the rule's names; of a divided update, this rank's blocks alone have meaning.
  let moments: [FlatTensor]
  /// What this rank updates in host memory, cut at blocks' edges and where decay changes.
  private let pieces: [FlatLayout.Place]

  init(_ flat: FlatNetwork, _ values: Recipe.Optimizer, _ exchange: RankExchange) {
    self.flat = flat
    self.exchange = exchange
    let rule = updateRule(values)
    self.rule = rule
    moments = rule.moments.map { _ in FlatTensor(zeros: flat.layout, shapes: flat.shapes, on: flat.device) }
    pieces = exchange.updated(of: 0..<flat.layout.count).flatMap(flat.layout.pieces)
  }

  /// The optimizer of a network that trains on one rank.
  public convenience init(_ flat: FlatNetwork, _ values: Recipe.Optimizer) {
    self.init(flat, values, RankExchange(SoloGroup(), Parallelism(), on: flat.device))
  }

  /// Moves every parameter one step along `gradientScale` times its gradient; afterwards all ranks have all weights.
  public func update(learningRate: Double, gradientScale: Double) throws(CollectiveError) {
    let moment = UpdateMoment(steps: steps, learningRate: learningRate, gradientScale: gradientScale)
    if flat.isOnHost { moveFloats(moment) } else { moveTensors(moment) }
    steps += 1
    try exchange.complete(flat.sharedWeights)
  }

  /// Continues from a checkpoint whose moments have been taken over.
  func resume(atStep step: Int) { steps = step }

  private func moveFloats(_ moment: UpdateMoment) {
    let weights = flat.weights.tensor.floats()
    let gradients = flat.gradients.tensor.floats()
    let moments = moments.map { $0.tensor.floats() }
    _ = concurrently(pieces) { piece in
      let part = piece.range
      let floats = FlatUpdate(
        weights: UnsafeMutableBufferPointer(rebasing: weights[part]),
        gradients: UnsafeBufferPointer(rebasing: gradients[part]),
        moments: moments.map { UnsafeMutableBufferPointer(rebasing: $0[part]) })
      rule.update(floats, decays: piece.decays, at: moment)
    }
  }

  private func moveTensors(_ moment: UpdateMoment) {
    if moment.gradientScale != 1 { flat.gradients.tensor.scale(by: moment.gradientScale) }
    for decays in [false, true] {
      let chosen = flat.parameters.indices.filter { flat.parameters[$0].decays == decays }
      rule.update(
        weights: chosen.map { flat.weights.parts[$0] }, gradients: chosen.map { flat.gradients.parts[$0] },
        moments: moments.map { moment in chosen.map { moment.parts[$0] } }, decays: decays, at: moment)
    }
  }
}
