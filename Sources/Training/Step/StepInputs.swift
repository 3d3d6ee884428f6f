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
    /// What is erased of normalised images; nil where the recipe erases nothing.
    let erasures: Erasures?
    /// How images are mixed; nil where they are not.
    let mix: Mix?
    /// Which branches are left out for which images; nil where none are.
    let dropPath: DropPath?
    /// Which elements of outputs are dropped; nil where none are.
    let dropout: Dropout?
  }

  /// The batch, in as many parts as are accumulated.
  let parts: [Part]
  /// The rate of the update.
  let learningRate: Double
  /// What each part's loss is multiplied by before its backward pass.
  let lossFactor: Double

  /// The same inputs on a device: the one upload of a step, in which all of their tensors go together.
  func moved(to device: Device) -> StepInputs {
    if device == .cpu { return self }
    var own: [Tensor] = []
    _ = map {
      own.append($0)
      return $0
    }
    var there = uploaded(own, to: device)[...]
    return map { _ in there.removeFirst() }
  }

  /// The same inputs with other tensors in the place of theirs, asked for in the same order each time.
  private func map(_ other: (Tensor) -> Tensor) -> StepInputs {
    StepInputs(parts: parts.map { $0.map(other) }, learningRate: learningRate, lossFactor: lossFactor)
  }
}

extension StepInputs.Part {
  fileprivate func map(_ other: (Tensor) -> Tensor) -> Self {
    Self(
      pixels: other(pixels), targets: other(targets), erasures: erasures?.map(other), mix: mix?.map(other),
      dropPath: dropPath?.map(other), dropout: dropout?.map(other))
  }
}

/// Where a step's inputs are drawn, each by its key: the same ones on one rank and on eight, and after a resume.
struct InputDraws {
  private let recipe: Recipe
  private let network: any Network
  private let erasing: RandomErasing?
  private let mixing: Mixing?

  init(_ recipe: Recipe, for network: any Network) {
    self.recipe = recipe
    self.network = network
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
    let (count, side, seed) = (part.count, recipe.data.inputSize, recipe.seed)
    let plan = mixing?.plan(count: count, side: side, epoch: epoch, draw: draw)
    return StepInputs.Part(
      pixels: Tensor(bytes: part.pixels, [count, side, side, 3], .uint8),
      targets: plan.flatMap { mixing?.targets(part.labels, by: $0) }
        ?? Tensor(part.labels.map(Int64.init), [count]),
      erasures: erasing?.erasures(side: side, seed: seed, epoch: epoch, views: part.indices),
      mix: plan.map { Mix($0, side: side) },
      dropPath: DropPath(rates: network.dropRates, seed: seed, epoch: epoch, images: part.indices),
      dropout: Dropout(
        rate: recipe.model.dropout, shapes: network.dropoutShapes(images: count, side: side), seed: seed,
        epoch: epoch, draw: draw))
  }
}

/// What is erased of a part's images, and what takes its place.
struct Erasures {
  /// Numbers of elements of images `[B, S, S, 3]`, `[n]` (int64); none comes twice.
  fileprivate let places: Tensor
  /// What each is replaced by, `[n]`.
  fileprivate let values: Tensor

  fileprivate func map(_ other: (Tensor) -> Tensor) -> Erasures {
    Erasures(places: other(places), values: other(values))
  }

  /// Erases the boxes of normalised images `[B, S, S, 3]`, in place.
  func apply(to images: Tensor) { images.replace(at: places, by: values) }
}

extension RandomErasing {
  /// What square images of three channels lose.
  ///
  /// What an image loses depends on (seed, epoch, view) alone, so it is the same on one rank and on eight.
  /// - Parameter views: the number of each image's view, as in `PixelBatch.indices`.
  func erasures(side: Int, seed: UInt64, epoch: Int, views: [Int]) -> Erasures {
    var places: [Int64] = []
    var values: [Float] = []
    for (image, view) in views.enumerated() {
      let boxes = boxes(width: side, height: side, seed: seed, epoch: epoch, view: view)
      for (number, box) in boxes.enumerated() {
        // What a later box erases once more is that box's.
        let later = boxes[(number + 1)...]
        for (place, value) in zip(box.region.places, content(of: box))
        where !later.contains(where: { $0.region.contains(place) }) {
          places.append(Int64(((image * side + place.y) * side + place.x) * 3 + place.channel))
          values.append(value)
        }
      }
    }
    return Erasures(places: Tensor(places, [places.count]), values: Tensor(values, [values.count]))
  }

  /// What fills a box, in the order of its places.
  private func content(of box: Box) -> [Float] {
    let area = box.region.width * box.region.height
    return switch mode {
    case .const: Array(repeating: 0, count: 3 * area)
    case .rand: normal(3, box.noiseSeed).flatMap { Array(repeating: $0, count: area) }
    case .pixel: normal(3 * area, box.noiseSeed)
    }
  }

  private func normal(_ count: Int, _ seed: UInt64) -> [Float] {
    let noise = Tensor.empty([count])
    noise.fillNormal(deviation: 1, seed: seed)
    return noise.elements()
  }
}

extension PixelRegion {
  /// Its elements: all rows of a channel, then the next channel's.
  fileprivate var places: some Sequence<(channel: Int, y: Int, x: Int)> {
    let area = width * height
    return (0..<3 * area).lazy.map { [self] in
      ($0 / area, y + $0 % area / width, x + $0 % width)
    }
  }

  fileprivate func contains(_ place: (channel: Int, y: Int, x: Int)) -> Bool {
    (x..<x + width).contains(place.x) && (y..<y + height).contains(place.y)
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
