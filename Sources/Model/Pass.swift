import Randomness
public import Torch

/// How a forward pass runs: mode, randomness and precision are arguments, never ambient state.
public struct Pass {
  /// The type that matrix products and convolutions are computed in; sums, norms and the residual stay float32.
  public let computeType: DType
  /// Which branches of which images are left out; nil when none are.
  public let dropPath: DropPath?
  /// Which elements of which outputs are dropped; nil when none are.
  public let dropout: Dropout?
  /// Whose operations compute it.
  public let kernels: Kernels
  /// Whether a block keeps its input alone, and is computed again for its gradients.
  private(set) var recomputesBlocks = false
  /// Where each block's attention is noted; nil where nobody looks.
  private(set) var record: AttentionRecord?
  /// Weights that lie ready in `computeType`; nil where each product casts its own.
  private var weights: CastWeights?

  /// A pass that trains.
  public static func training(
    _ dropPath: DropPath? = nil, dropout: Dropout? = nil, computeType: DType = .float32,
    kernels: Kernels = .fused, recomputesBlocks: Bool = false, weights: CastWeights? = nil
  ) -> Pass {
    Pass(
      computeType: computeType, dropPath: dropPath, dropout: dropout, kernels: kernels,
      recomputesBlocks: recomputesBlocks, weights: weights)
  }

  /// A pass that evaluates.
  public static func evaluation(computeType: DType = .float32, kernels: Kernels = .fused) -> Pass {
    Pass(computeType: computeType, dropPath: nil, dropout: nil, kernels: kernels)
  }

  /// A pass that evaluates and notes what each block attends to, which takes every operation by itself.
  static func looking(_ record: AttentionRecord, computeType: DType = .float32) -> Pass {
    Pass(computeType: computeType, dropPath: nil, dropout: nil, kernels: .reference, record: record)
  }

  /// A layer's weight or bias as its product takes it.
  func product(_ weight: Tensor) -> Tensor { weights?[weight] ?? weight.cast(to: computeType) }

  /// Whether a half of a block over `tokens` is one operation.
  func fusesHalf(_ tokens: Tensor) -> Bool { dropout == nil && fuses(tokens) }

  /// Whether what has no dropout inside is one operation, over tokens or images.
  func fuses(_ input: Tensor) -> Bool { kernels.fuse(input, computeType) }

  /// Output `number` of those that `--drop` is for, without the elements that this pass drops.
  func dropped(_ x: Tensor, _ number: Int) -> Tensor { dropout?(x, number) ?? x }
}

/// Stochastic depth: leaves out a residual branch for some images (Huang et al. 2016; timm `drop_path`).
///
/// All of a pass is drawn before it. Each image's fate in each branch depends on (seed, epoch, image, branch) alone,
/// so it is the same on one rank and on eight, and after a resume.
public struct DropPath {
  /// What each image's branches are multiplied by, `[branches, B]`: 0 with the branch's chance, else its inverse's part.
  let factors: Tensor

  /// For one batch: the chance of each branch, the epoch and the data-set index of each image; on the CPU.
  ///
  /// Nil where no branch is ever left out.
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

  /// Number `branch` of the image's draws in [0, 1), one for each branch of the network.
  private static func draw(_ seed: UInt64, _ epoch: Int, _ branch: Int, _ image: Int) -> Double {
    let key = seed &+ UInt64(branch) &* 0x9E37_79B9_7F4A_7C15
    var generator = KeyedGenerator(seed: key, stream: .dropPath, epoch: epoch, index: image)
    return generator.uniform()
  }

  /// The same with another tensor in the place of its own, as the same factors on a device.
  public func map(_ other: (Tensor) -> Tensor) -> DropPath { DropPath(factors: other(factors)) }

  /// What the images' branches of that number are multiplied by, `[B]`.
  func factors(_ number: Int) -> Tensor { factors.selected(0, number) }

  /// A branch `[B, N, C]` of that number without the images that leave it out.
  func callAsFunction(_ branch: Tensor, _ number: Int) -> Tensor {
    branch * factors(number).reshaped([-1, 1, 1])
  }
}

/// Drops elements of the outputs of projections and of MLP layers (`--drop`), where the reference's code does.
///
/// All of a pass is drawn before it. What is dropped depends on (seed, epoch, draw) and the place in the pass alone.
public struct Dropout {
  /// For each output of a pass, in its shape: a byte that is 1 where an element is kept.
  private let kept: [Tensor]
  /// What kept elements are multiplied by.
  private let factor: Double

  /// For one pass with outputs of these shapes, in its order; `draw` is its number in the whole run, over all ranks.
  ///
  /// On the CPU; nil when nothing is dropped.
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

  /// The same with other tensors in the place of its own, as the same choice on a device.
  public func map(_ other: (Tensor) -> Tensor) -> Dropout { Dropout(kept: kept.map(other), factor: factor) }

  /// Output `number` of the pass without the elements that are dropped, the others scaled up for them.
  func callAsFunction(_ x: Tensor, _ number: Int) -> Tensor {
    let factors = kept[number].cast(to: .float32)
    factors.scale(by: factor)
    return x * factors.cast(to: x.dtype)
  }
}
