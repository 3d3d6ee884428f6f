import Collective
import System
import Torch

/// Makes sure that all ranks still hold the same weights.
///
/// They do as long as every rank computes as it should: a difference means a defect, or memory or a processor that
/// fails. Going on would train several networks at once, and save one of them.
///
/// The moment to look is just before an update. Of a sharded update every rank then gets the others' blocks anew, which
/// heals what was wrong with them, but not the gradients that came of it.
struct WeightCheck {
  let flat: FlatParameters
  let group: any ProcessGroup
  /// After how many updates the weights are compared; 0 is never.
  let interval: Int

  /// Compares the weights if it is time to: before the first update, and each time `interval` more have been made.
  func compareIfDue(after steps: Int) throws(TrainingError) {
    if interval > 0, steps.isMultiple(of: interval) { try compare(after: steps) }
  }

  /// Throws on every rank, naming those that hold other weights than most, unless all hold the same.
  ///
  /// - Parameter target: Gets a copy of weights in host memory, whose reading then costs nothing more.
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

  /// A number that differs where any one block does.
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
