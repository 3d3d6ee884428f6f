import Torch

/// Decides on a card whether a step's update is made and how far it goes, so that the host need not know to go on.
///
/// A step whose loss or gradient is not finite changes no weight, and nor does any after it: when the host hears of it,
/// and ends the run, the next one is on its way already.
final class UpdateGuard {
  /// 1 from the first number on that was not finite, before that 0.
  private let barrier: Tensor
  private let clip: Double?

  /// - Parameter clip: The largest norm of a gradient that an update follows; nil bounds none.
  init(on device: Device, clip: Double?) {
    barrier = Tensor.zeros([1], on: device)
    self.clip = clip
  }

  /// What an update along `gradient` is to keep to.
  ///
  /// - Parameter numbers: The losses of a step's parts, and after them room for the norm of its gradient (float64).
  func limits(of gradient: Tensor, _ numbers: Tensor) -> UpdateLimits {
    let norm = gradient.norm()
    numbers.selected(0, numbers.count - 1).copy(from: norm)
    barrier.noteNonFinite(in: numbers)
    return UpdateLimits(divisor: clip.map { norm.clipDivisor($0) }, barrier: barrier)
  }
}
