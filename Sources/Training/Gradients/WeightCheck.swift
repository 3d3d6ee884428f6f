import Collective
import System
import Torch

/// Checks that all ranks still hold the same weights.
///
/// They do as long as every rank computes correctly: a difference means a bug, or faulty memory or a faulty
/// processor. Going on would train several networks at once and save one of them.
///
/// The check comes just before an update. In a sharded update every rank then receives the others' blocks,
/// which would repair damaged weights, but not the gradients computed from them.
struct WeightCheck {
  let flat: FlatParameters
  let group: any ProcessGroup
  /// The number of updates between comparisons; 0 disables them.
  let interval: Int

  /// Compares the weights if due: before the first update, and after every `interval` updates.
  func compareIfDue(after steps: Int) throws(TrainingError) {
    if interval > 0, steps.isMultiple(of: interval) { try compare(after: steps) }
  }

  /// Throws on every rank if weights differ, naming the ranks whose weights are not the majority's.
  ///
  /// - Parameter target: Receives a copy of weights in host memory while they are read anyway.
  func compare(
    after steps: Int, copyingTo target: UnsafeMutableBufferPointer<Float>? = nil
  ) throws(TrainingError) {
    guard group.size > 1 else {
      if let target { flat.weights.copy(to: target) }
      return
    }
    let digest = try digest(copyingTo: target)
    let odd = try collectively(try group.disagreeing(with: digest))
    guard odd.isEmpty else { throw .weightsDiffer(ranks: odd, steps: steps) }
  }

  /// A digest that differs where any block does.
  private func digest(
    copyingTo target: UnsafeMutableBufferPointer<Float>?
  ) throws(TrainingError) -> UInt64 {
    guard flat.isOnHost else {
      let readback = Readback(flat.weights.tensor)
      try readback.wait(besides: group)
      return withExtendedLifetime(readback) { digest(of: readback.place.bindMemory(to: Float.self)) }
    }
    return digest(of: flat.weights.tensor.floats(), copyingTo: target)
  }

  private func digest(
    of floats: UnsafeMutableBufferPointer<Float>, copyingTo target: UnsafeMutableBufferPointer<Float>? = nil
  ) -> UInt64 {
    concurrently(BlockLayout(size: 1).ranges(of: 0, in: 0..<flat.layout.count)) { block in
      if let target { copy(block, of: floats, to: target) }
      let bytes = UnsafeRawBufferPointer(UnsafeMutableBufferPointer(rebasing: floats[block]))
      return UInt64(CRC32C(of: bytes).value)
    }.reduce(0) { ($0 ^ $1) &* 0x100_0000_01b3 }
  }
}
