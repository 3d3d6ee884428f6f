import Randomness
import Torch

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
