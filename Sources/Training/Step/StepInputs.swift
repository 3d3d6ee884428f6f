import Datasets
import Model
import Randomness
import Recipe
import Torch

/// All that a step reads beside the weights, made on the host before it starts.
///
/// From here to the loss nothing is drawn, uploaded or read back: a step is a function of these and of the weights.
struct StepInputs {
  /// One forward and backward pass.
  struct Part {
    /// Bytes `[B, S, S, 3]`.
    let pixels: Tensor
    /// Classes `[B]` (int64), or distributions `[B, K]` (float32) where images are mixed.
    let targets: Tensor
    /// What is erased of normalised images.
    let erasures: [Erasure]
    /// How images are mixed; nil where they are not.
    let mix: Mix?
    /// Which branches are left out for which images; nil where none are.
    let dropPath: DropPath?
    /// The seeds of the masks of `--drop`; nil where nothing is dropped.
    let dropout: Dropout?
  }

  /// The batch, in as many parts as are accumulated.
  let parts: [Part]
  /// The rate of the update.
  let learningRate: Double
  /// What each part's loss is multiplied by before its backward pass.
  let lossFactor: Double

  /// The same inputs on a device: the one upload of a step.
  func moved(to device: Device) -> StepInputs {
    if device == .cpu { return self }
    return StepInputs(
      parts: parts.map { $0.moved(to: device) }, learningRate: learningRate, lossFactor: lossFactor)
  }
}

extension StepInputs.Part {
  fileprivate func moved(to device: Device) -> Self {
    Self(
      pixels: pixels.moved(to: device), targets: targets.moved(to: device),
      erasures: erasures.map { $0.moved(to: device) }, mix: mix?.moved(to: device),
      dropPath: dropPath?.moved(to: device), dropout: dropout)
  }
}

/// Where a step's inputs are drawn, each by its key: the same ones on one rank and on eight, and after a resume.
struct InputDraws {
  private let recipe: Recipe
  private let dropRates: [Double]
  private let erasing: RandomErasing?
  private let mixing: Mixing?

  init(_ recipe: Recipe, for network: any Network) {
    self.recipe = recipe
    dropRates = network.dropRates
    erasing = RandomErasing(recipe)
    mixing = Mixing(recipe, classes: network.classes)
  }

  /// The inputs of one update; `draws` has for each part its number among all that the ranks of the run ever train on.
  func inputs(
    _ batch: PixelBatch, epoch: Int, draws: [Int], learningRate: Double, lossScale: Double
  ) -> StepInputs {
    let parts = zip(batch.parts(draws.count), draws).map { part($0, epoch: epoch, draw: $1) }
    return StepInputs(
      parts: parts, learningRate: learningRate, lossFactor: 1 / Double(parts.count) * lossScale)
  }

  private func part(_ part: PixelBatch.Part, epoch: Int, draw: Int) -> StepInputs.Part {
    let side = recipe.data.inputSize
    let plan = mixing?.plan(count: part.count, side: side, epoch: epoch, draw: draw)
    return StepInputs.Part(
      pixels: Tensor(bytes: part.pixels, [part.count, side, side, 3], .uint8),
      targets: plan.flatMap { mixing?.targets(part.labels, by: $0) }
        ?? Tensor(part.labels.map(Int64.init), [part.count]),
      erasures: erasing?.erasures(side: side, seed: recipe.seed, epoch: epoch, views: part.indices) ?? [],
      mix: plan.map(Mix.init),
      dropPath: DropPath(rates: dropRates, seed: recipe.seed, epoch: epoch, images: part.indices),
      dropout: Dropout(rate: recipe.model.dropout, seed: recipe.seed, epoch: epoch, draw: draw))
  }
}

/// A box of one image that is erased, and what takes its place.
struct Erasure {
  fileprivate let place: Int
  fileprivate let region: PixelRegion
  /// Normal numbers that broadcast to the box; nil for zeros.
  fileprivate let noise: Tensor?

  fileprivate func moved(to device: Device) -> Erasure {
    Erasure(place: place, region: region, noise: noise?.moved(to: device))
  }

  /// Erases the box of normalised images `[B, C, H, W]`, in place.
  func apply(to images: Tensor) {
    let part = images.selected(0, place)
      .narrowed(1, to: region.y..<(region.y + region.height))
      .narrowed(2, to: region.x..<(region.x + region.width))
    if let noise { part.copy(from: noise) } else { part.zero() }
  }
}

extension RandomErasing {
  /// What square images of three channels lose.
  ///
  /// What an image loses depends on (seed, epoch, view) alone, so it is the same on one rank and on eight.
  /// - Parameter views: the number of each image's view, as in `PixelBatch.indices`.
  func erasures(side: Int, seed: UInt64, epoch: Int, views: [Int]) -> [Erasure] {
    views.enumerated().flatMap { place, view in
      boxes(width: side, height: side, seed: seed, epoch: epoch, view: view).map {
        Erasure(place: place, region: $0.region, noise: noise($0))
      }
    }
  }

  private func noise(_ box: Box) -> Tensor? {
    switch mode {
    case .const: nil
    case .rand: normal([3, 1, 1], box.noiseSeed)
    case .pixel: normal([3, box.region.height, box.region.width], box.noiseSeed)
    }
  }

  private func normal(_ shape: [Int], _ seed: UInt64) -> Tensor {
    let noise = Tensor.empty(shape)
    noise.fillNormal(deviation: 1, seed: seed)
    return noise
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
