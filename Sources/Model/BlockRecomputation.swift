import Torch

/// How a block runs in a pass that saves memory: it saves only its input and is recomputed for its gradients.
///
/// All randomness is in the pass, so both computations give the same.
struct BlockRecomputation {
  /// The block's parameters.
  let weights: [Tensor]
  /// Whether the block saves everything that its gradients need even in such a pass.
  let isLeftOut: Bool

  func callAsFunction(
    _ tokens: Tensor, _ pass: Pass, _ block: @escaping (_ tokens: Tensor, _ isRead: Bool) -> Tensor
  ) -> Tensor {
    guard pass.recomputesBlocks, !isLeftOut else { return block(tokens, true) }
    return recomputed(tokens, learning: weights, block)
  }

  /// Which blocks are not recomputed, by the size of each block's tokens: the last ones, as long as together
  /// they save no more than half of what the first block saves while it is recomputed.
  ///
  /// The backward pass starts with them, so little of theirs remains at the peak of memory; and the widest
  /// layers are computed once.
  static func leftOut(of sizes: [Double]) -> [Bool] {
    var room = (sizes.first ?? 0) / 2
    let last = sizes.reversed().prefix { size in
      room -= size
      return room >= 0
    }
    return sizes.indices.map { $0 >= sizes.count - last.count }
  }
}
