import Torch

/// How a block is computed in a pass that keeps little: it keeps its input alone, and is computed again for its gradients.
///
/// All that it draws is in the pass, so it makes the same of its input both times.
struct BlockRecomputation {
  /// The block's.
  let weights: [Tensor]
  /// Whether it keeps all that its gradients need in such a pass too.
  let isLeftOut: Bool

  func callAsFunction(
    _ tokens: Tensor, _ pass: Pass, _ block: @escaping (_ tokens: Tensor, _ isRead: Bool) -> Tensor
  ) -> Tensor {
    guard pass.recomputesBlocks, !isLeftOut else { return block(tokens, true) }
    return recomputed(tokens, learning: weights, block)
  }

  /// Which of a network's blocks are left out, by what the tokens of each take: the last ones, as long as they keep no more
  /// together than half of what the first one does while it is computed again.
  ///
  /// Backward comes to them first, so little of theirs is left at the peak; and the widest layers are computed once.
  static func leftOut(of sizes: [Double]) -> [Bool] {
    var room = (sizes.first ?? 0) / 2
    let last = sizes.reversed().prefix { size in
      room -= size
      return room >= 0
    }
    return sizes.indices.map { $0 >= sizes.count - last.count }
  }
}
