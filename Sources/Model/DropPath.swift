import Randomness
import Torch

/// Stochastic depth: leaves out a residual branch for some pictures (Huang et al. 2016; timm `drop_path`).
///
/// Each picture's fate in each branch depends on (seed, epoch, picture, branch) alone, so it is the same on one rank
/// and on eight, and after a resume.
public struct DropPath: Sendable {
  private let seed: UInt64
  private let epoch: Int
  private let pictures: [Int]

  /// For one batch: the epoch and the data-set index of each of its pictures.
  public init(seed: UInt64, epoch: Int, pictures: [Int]) {
    self.seed = seed
    self.epoch = epoch
    self.pictures = pictures
  }

  /// What branch number `branch` is multiplied by, `[B, 1, 1]`: 0 with chance `rate`, else `1 / (1 - rate)`.
  func factors(branch: Int, rate: Double, on device: Device) -> Tensor {
    let kept = Float(1 / (1 - rate))
    let factors = pictures.map { draw(branch, $0) < rate ? 0 : kept }
    return Tensor(factors, [pictures.count, 1, 1]).moved(to: device)
  }

  /// Number `branch` of the picture's draws in [0, 1), one for each branch of the network.
  private func draw(_ branch: Int, _ picture: Int) -> Double {
    let key = seed &+ UInt64(branch) &* 0x9E37_79B9_7F4A_7C15
    var generator = KeyedGenerator(seed: key, stream: .dropPath, epoch: epoch, index: picture)
    return generator.uniform()
  }
}
