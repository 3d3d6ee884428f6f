import Randomness
public import Torch

/// How a forward pass runs: mode, randomness and precision are arguments, never ambient state.
public struct Pass {
  /// The type that matrix products and convolutions are computed in; sums, norms and the residual stay float32.
  public let computeType: DType
  /// Which branches of which images are left out; nil when none are.
  public let dropPath: DropPath?
  /// Which outputs are dropped; nil when none are.
  public let dropout: Dropout?

  /// A pass that trains.
  public static func training(
    _ dropPath: DropPath? = nil, dropout: Dropout? = nil, computeType: DType = .float32
  ) -> Pass {
    Pass(computeType: computeType, dropPath: dropPath, dropout: dropout)
  }

  /// A pass that evaluates.
  public static func evaluation(computeType: DType = .float32) -> Pass {
    Pass(computeType: computeType, dropPath: nil, dropout: nil)
  }

  /// `x` with the outputs dropped that this pass drops.
  func dropped(_ x: Tensor) -> Tensor { dropout?(x) ?? x }
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

  /// The same factors on a device.
  public func moved(to device: Device) -> DropPath { DropPath(factors: factors.moved(to: device)) }

  /// A branch `[B, N, C]` of that number without the images that leave it out.
  func callAsFunction(_ branch: Tensor, _ number: Int) -> Tensor {
    branch * factors.selected(0, number).reshaped([-1, 1, 1])
  }
}

/// Drops outputs of projections and of MLP layers (`--drop`), where the reference's code does.
///
/// Each use in a pass takes the next mask; masks depend on (seed, epoch, draw) and the order of uses alone.
public final class Dropout {
  private let rate: Double
  private var generator: KeyedGenerator

  /// For one pass; `draw` is its number in the whole run, over all ranks. Nil when nothing is dropped.
  public init?(rate: Double, seed: UInt64, epoch: Int, draw: Int) {
    guard rate > 0 else { return nil }
    self.rate = rate
    generator = KeyedGenerator(seed: seed, stream: .dropout, epoch: epoch, index: draw)
  }

  func callAsFunction(_ x: Tensor) -> Tensor { dropout(x, rate: rate, seed: generator.next()) }
}
