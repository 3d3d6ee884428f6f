import Data
import Model
import Recipe
import Torch

/// From pixels to the loss: normalise, erase, mix, the network, cross-entropy.
struct Objective {
  private let network: Twins
  private let recipe: Recipe
  private let normalized: Normalizer
  private let erasing: RandomErasing?
  private let mixing: Mixing?
  private let device: Device

  init(_ network: Twins, _ recipe: Recipe, on device: Device) {
    self.network = network
    self.recipe = recipe
    self.device = device
    normalized = Normalizer(on: device)
    erasing = RandomErasing(recipe)
    mixing = Mixing(recipe, classes: network.classes)
  }

  /// The mean loss of some pictures; `draw` keys what is drawn for all of them together.
  func callAsFunction(_ part: PixelBatch.Part, epoch: Int, draw: Int) -> Tensor {
    let pictures = normalized(part.pixels, count: part.count, side: recipe.data.inputSize)
    erasing?.erase(pictures, seed: recipe.seed, epoch: epoch, samples: part.indices)
    let pass = pass(part, epoch, draw)
    guard let mixing else {
      let labels = Tensor(part.labels.map(Int64.init), [part.count]).moved(to: device)
      return crossEntropy(network(pictures, pass), labels, smoothing: recipe.smoothing)
    }
    let plan = mixing.plan(count: part.count, side: recipe.data.inputSize, epoch: epoch, draw: draw)
    let mixed = mixing.mixed(pictures, part.labels, by: plan)
    return crossEntropy(network(mixed.pictures, pass), mixed.targets)
  }

  private func pass(_ part: PixelBatch.Part, _ epoch: Int, _ draw: Int) -> Pass {
    .training(
      DropPath(seed: recipe.seed, epoch: epoch, pictures: part.indices),
      dropout: Dropout(rate: recipe.model.dropout, seed: recipe.seed, epoch: epoch, draw: draw),
      products: recipe.products)
  }
}

extension Recipe {
  /// The element type of matrix products.
  var products: DType {
    switch (precision.level, precision.dtype) {
    case (.O0, _): .float32
    case (.O1, .bfloat16): .bfloat16
    case (.O1, .float16): .float16
    }
  }
}

extension RandomErasing {
  /// Nil when the recipe erases nothing.
  fileprivate init?(_ recipe: Recipe) {
    let erasing = recipe.data.erasing
    guard recipe.data.augments, erasing.probability > 0 else { return nil }
    self.init(probability: erasing.probability, mode: Mode(erasing.mode), count: erasing.count)
  }
}

extension RandomErasing.Mode {
  fileprivate init(_ mode: Recipe.Erasing.Mode) {
    switch mode {
    case .pixel: self = .pixel
    case .rand: self = .rand
    case .const: self = .const
    }
  }
}
