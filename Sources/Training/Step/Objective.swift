public import Data
public import Torch
import Model
import Recipe

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

/// Turns bytes into what the network was made for: `(x / 255 - mean) / deviation` with ImageNet's statistics.
public struct Normalizer {
  private let mean: Tensor
  private let deviation: Tensor
  private let device: Device

  /// A normaliser whose statistics live on `device`.
  public init(on device: Device) {
    mean = Tensor([0.485, 0.456, 0.406] as [Float], [1, 1, 1, 3]).scaled(by: 255).moved(to: device)
    deviation = Tensor([0.229, 0.224, 0.225] as [Float], [1, 1, 1, 3]).scaled(by: 255).moved(to: device)
    self.device = device
  }

  /// Bytes `[B, H, W, 3]` → float32 `[B, 3, H, W]` on the device; bytes cross, floats are made there.
  public func callAsFunction(_ bytes: UnsafeRawBufferPointer, count: Int, side: Int) -> Tensor {
    let pixels = Tensor(bytes: bytes, [count, side, side, 3], .uint8).moved(to: device)
    return ((pixels.cast(to: .float32) - mean) / deviation).permuted([0, 3, 1, 2])
  }
}

extension RandomErasing {
  /// Erases boxes of normalised pictures `[B, C, H, W]`, in place.
  ///
  /// What a picture loses depends on (seed, epoch, sample) alone, so it is the same on one rank and on eight.
  /// - Parameter samples: the number of each picture's sample, as in `PixelBatch.indices`.
  public func erase(_ pictures: Tensor, seed: UInt64, epoch: Int, samples: [Int]) {
    precondition(pictures.shape[0] == samples.count, "\(samples.count) samples for \(pictures.shape)")
    for (place, sample) in samples.enumerated() {
      let picture = pictures.selected(0, place)
      let boxes = boxes(
        width: pictures.shape[3], height: pictures.shape[2], seed: seed, epoch: epoch, sample: sample)
      for box in boxes { erase(box, of: picture) }
    }
  }

  private func erase(_ box: Box, of picture: Tensor) {
    let area = box.region
    let part = picture.narrowed(1, to: area.y..<(area.y + area.height))
      .narrowed(2, to: area.x..<(area.x + area.width))
    switch mode {
    case .const: part.zero()
    case .rand: part.copy(from: normal([part.shape[0], 1, 1], box.noiseSeed))
    case .pixel: part.copy(from: normal(part.shape, box.noiseSeed))
    }
  }

  // Made on the CPU whatever the device, so that a seed gives the same noise everywhere.
  private func normal(_ shape: [Int], _ seed: UInt64) -> Tensor {
    let noise = Tensor.empty(shape)
    noise.fillNormal(deviation: 1, seed: seed)
    return noise
  }
}
