import Datasets
import Model
import Recipe
import Torch

/// Everything that a step reads besides the weights, prepared on the host before it starts.
///
/// From here to the loss nothing is drawn, uploaded or read back: a step is a function of these inputs and
/// the weights.
struct StepInputs {
  /// The inputs of one forward and backward pass.
  struct Part {
    /// Bytes `[B, S, S, 3]`.
    let pixels: Tensor
    /// Classes `[B]` (int64), or distributions `[B, K]` (float32) where images are mixed or the loss needs
    /// them.
    let targets: Tensor
    /// The erased elements of normalised images; nil where the recipe erases nothing.
    let erasures: Erasures?
    /// How images are mixed; nil where the recipe mixes nothing.
    let mix: Mix?
    /// Which branches are dropped for which images; nil where none are.
    let dropPath: DropPath?
    /// Which elements of outputs are dropped; nil where none are.
    let dropout: Dropout?
  }

  /// The batch in as many parts as gradients are accumulated over.
  let parts: [Part]
  /// The learning rate of the update.
  let learningRate: Double
  /// The factor on each part's loss before its backward pass.
  let lossFactor: Double
  /// The packed `UpdateNumbers` of a card; nil where the host updates.
  var numbers: Tensor?

  /// Copies the inputs to a device, all tensors in a single upload.
  func moved(to device: Device) -> StepInputs {
    if device == .cpu { return self }
    var there = uploaded(tensors, to: device)[...]
    return map { _ in there.removeFirst() }
  }

  /// Whether the tensors of `others` have the same types and shapes.
  func fit(_ others: StepInputs) -> Bool {
    let (own, theirs) = (tensors, others.tensors)
    return lossFactor == others.lossFactor && own.count == theirs.count
      && zip(own, theirs).allSatisfy { $0.dtype == $1.dtype && $0.shape == $1.shape }
  }

  /// Uploads these inputs over the device tensors of `there`, which must fit.
  func move(over there: StepInputs) { upload(tensors, over: there.tensors) }

  private var tensors: [Tensor] {
    var tensors: [Tensor] = []
    _ = map {
      tensors.append($0)
      return $0
    }
    return tensors
  }

  /// Replaces every tensor by `other`'s result, in the same order each time.
  private func map(_ other: (Tensor) -> Tensor) -> StepInputs {
    StepInputs(
      parts: parts.map { $0.map(other) }, learningRate: learningRate, lossFactor: lossFactor,
      numbers: numbers.map(other))
  }
}

extension StepInputs.Part {
  fileprivate func map(_ other: (Tensor) -> Tensor) -> Self {
    Self(
      pixels: other(pixels), targets: other(targets), erasures: erasures?.map(other), mix: mix?.map(other),
      dropPath: dropPath?.map(other), dropout: dropout?.map(other))
  }
}

/// Draws a step's random inputs, each by its key: the same on one rank and on eight, and after a resume.
struct InputDraws {
  private let recipe: Recipe
  private let network: any Network
  private let erasing: RandomErasing?
  private let mixing: Mixing?
  /// Makes distributions from classes for a loss that needs them; otherwise nil.
  private let smoothed: SmoothedTargets?
  private let evenShapes: Bool

  /// Prepares the draws of a recipe.
  ///
  /// - Parameter evenShapes: Whether nearly all parts of a size get tensors of the same shapes, so that a
  ///   card can replay a step; it affects no result.
  init(_ recipe: Recipe, for network: any Network, evenShapes: Bool = false) {
    self.recipe = recipe
    self.network = network
    self.evenShapes = evenShapes
    erasing = RandomErasing(recipe)
    mixing = Mixing(recipe, classes: network.classes)
    smoothed =
      recipe.loss.takesDistributions
      ? SmoothedTargets(classes: network.classes, smoothing: recipe.smoothing) : nil
  }

  /// Draws the inputs of one update; `draws` has each part's number among all parts of the run, over all
  /// ranks.
  ///
  /// - Parameter factor: The factor on the mean of the parts' losses.
  func inputs(
    _ batch: PixelBatch, epoch: Int, draws: [Int], learningRate: Double, factor: Double
  ) -> StepInputs {
    let parts = zip(batch.parts(draws.count), draws).map { part($0, epoch: epoch, draw: $1) }
    return StepInputs(
      parts: parts, learningRate: learningRate, lossFactor: 1 / Double(parts.count) * factor)
  }

  private func part(_ part: PixelBatch.Part, epoch: Int, draw: Int) -> StepInputs.Part {
    let (count, side, seed) = (part.count, recipe.data.inputSize, recipe.seed)
    let plan = mixing?.plan(count: count, side: side, epoch: epoch, draw: draw)
    return StepInputs.Part(
      pixels: Tensor(bytes: part.pixels, [count, side, side, 3], .uint8),
      targets: plan.flatMap { mixing?.targets(part.labels, by: $0) }
        ?? smoothed?(part.labels, part.labels.map { _ in 1 }) ?? Tensor(part.labels.map(Int64.init), [count]),
      erasures: erasing.map { erasing in
        let erasures = erasing.erasures(side: side, seed: seed, epoch: epoch, views: part.indices)
        let room = erasing.usualRoom(images: count, side: side)
        return evenShapes ? erasures.filled(to: room, of: part.pixels, recipe.data.preprocessing) : erasures
      },
      mix: plan.map { Mix($0, side: side) },
      dropPath: DropPath(rates: network.dropRates, seed: seed, epoch: epoch, images: part.indices),
      dropout: Dropout(
        rate: recipe.model.dropout, shapes: network.dropoutShapes(images: count, side: side), seed: seed,
        epoch: epoch, draw: draw))
  }
}
