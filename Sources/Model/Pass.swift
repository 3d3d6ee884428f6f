import Randomness
public import Torch

/// How a forward pass runs: mode, randomness and precision are arguments, never ambient state.
public struct Pass {
  /// The type of matrix products and convolutions; sums, norms and the residual are always float32.
  public let computeType: DType
  /// Which images skip which branches; nil when none do.
  public let dropPath: DropPath?
  /// Which elements of which outputs are dropped; nil when none are.
  public let dropout: Dropout?
  /// Which library computes the pass.
  public let kernels: Kernels
  /// Whether a block saves only its input and is recomputed for its gradients.
  private(set) var recomputesBlocks = false
  /// Receives each block's attention; nil when nobody needs it.
  private(set) var record: AttentionRecord?
  /// Weights already cast to `computeType`; nil where each product casts its own.
  private var weights: CastWeights?

  /// A training pass.
  public static func training(
    _ dropPath: DropPath? = nil, dropout: Dropout? = nil, computeType: DType = .float32,
    kernels: Kernels = .fused, recomputesBlocks: Bool = false, weights: CastWeights? = nil
  ) -> Pass {
    Pass(
      computeType: computeType, dropPath: dropPath, dropout: dropout, kernels: kernels,
      recomputesBlocks: recomputesBlocks, weights: weights)
  }

  /// An evaluation pass.
  public static func evaluation(computeType: DType = .float32, kernels: Kernels = .fused) -> Pass {
    Pass(computeType: computeType, dropPath: nil, dropout: nil, kernels: kernels)
  }

  /// An evaluation pass that records each block's attention, for which nothing is fused.
  static func looking(_ record: AttentionRecord, computeType: DType = .float32) -> Pass {
    Pass(computeType: computeType, dropPath: nil, dropout: nil, kernels: .reference, record: record)
  }

  /// A layer's weight or bias in the type of its product.
  func product(_ weight: Tensor) -> Tensor { weights?[weight] ?? weight.cast(to: computeType) }

  /// Whether a block half over `tokens` runs as one operation.
  func fusesHalf(_ tokens: Tensor) -> Bool { dropout == nil && fuses(tokens) }

  /// Whether a part without dropout inside runs as one operation, over tokens or images.
  func fuses(_ input: Tensor) -> Bool { kernels.fuse(input, computeType) }

  /// Applies this pass's dropout to the output with this number among those that `--drop` affects.
  func dropped(_ x: Tensor, _ number: Int) -> Tensor { dropout?(x, number) ?? x }
}

/// Stochastic depth: drops a residual branch for some images (Huang et al. 2016; timm `drop_path`).
///
/// Everything is drawn before the pass. Whether an image skips a branch depends only on (seed, epoch, image,
/// branch), so it is the same on one rank and on eight, and after a resume.
public struct DropPath {
  /// The factor on each image's branches, `[branches, B]`: 0 with the drop rate, otherwise 1 / survival rate.
  let factors: Tensor

  /// Draws the factors for one batch on the CPU, from each branch's drop rate, the epoch and each image's
  /// index in the data set.
  ///
  /// Makes nil if no branch is ever dropped.
  public init?(rates: [Double], seed: UInt64, epoch: Int, images: [Int]) {
    guard rates.contains(where: { $0 > 0 }) else { return nil }
    let factors = rates.enumerated().flatMap { branch, rate -> [Float] in
      guard rate > 0 else { return Array(repeating: 1, count: images.count) }
      let kept = Float(1 / (1 - rate))
      return images.map { Self.draw(seed, epoch, branch, $0) < rate ? 0 : kept }
    }
    self.init(factors: Tensor(factors, [rates.count, images.count]))
  }

  private init(factors: Tensor) { self.factors = factors }

  /// The number in [0, 1) drawn for an image and a branch.
  private static func draw(_ seed: UInt64, _ epoch: Int, _ branch: Int, _ image: Int) -> Double {
    let key = seed &+ UInt64(branch) &* 0x9E37_79B9_7F4A_7C15
    var generator = KeyedGenerator(seed: key, stream: .dropPath, epoch: epoch, index: image)
    return generator.uniform()
  }

  /// The same factors in another tensor, such as one on a device.
  public func map(_ other: (Tensor) -> Tensor) -> DropPath { DropPath(factors: other(factors)) }

  /// The images' factors for a branch, `[B]`.
  func factors(_ number: Int) -> Tensor { factors.selected(0, number) }

  /// Multiplies a branch `[B, N, C]` by its images' factors.
  func callAsFunction(_ branch: Tensor, _ number: Int) -> Tensor {
    branch * factors(number).reshaped([-1, 1, 1])
  }
}

/// Dropout on the outputs of projections and MLP layers (`--drop`), where the reference applies it.
///
/// Everything is drawn before the pass; it depends only on (seed, epoch, draw) and the position in the pass.
public struct Dropout {
  /// For each output of a pass, in its shape: a byte that is 1 where an element is kept.
  private let kept: [Tensor]
  /// The factor on kept elements.
  private let factor: Double

  /// Draws the masks for one pass on the CPU with outputs of these shapes, in its order; `draw` is the pass's
  /// number in the whole run, over all ranks.
  ///
  /// Makes nil if nothing is dropped.
  public init?(rate: Double, shapes: [[Int]], seed: UInt64, epoch: Int, draw: Int) {
    guard rate > 0 else { return nil }
    var generator = KeyedGenerator(seed: seed, stream: .dropout, epoch: epoch, index: draw)
    let kept = shapes.map { shape in
      let kept = Tensor.empty(shape, .uint8)
      kept.fillBernoulli(chance: 1 - rate, seed: generator.next())
      return kept
    }
    self.init(kept: kept, factor: Double(1 / Float(1 - rate)))
  }

  private init(kept: [Tensor], factor: Double) {
    self.kept = kept
    self.factor = factor
  }

  /// The same masks in other tensors, such as ones on a device.
  public func map(_ other: (Tensor) -> Tensor) -> Dropout { Dropout(kept: kept.map(other), factor: factor) }

  /// Drops elements of the pass's output with this number, and scales the others.
  func callAsFunction(_ x: Tensor, _ number: Int) -> Tensor {
    let factors = kept[number].cast(to: .float32)
    factors.scale(by: factor)
    return x * factors.cast(to: x.dtype)
  }
}
