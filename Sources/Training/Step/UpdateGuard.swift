import Torch

/// Lets a card decide whether and how far a step's update goes, so that the host need not wait for the
/// result.
///
/// A step whose loss or gradient is not finite changes no weight, and no later step does either: by the time
/// the host learns of it and ends the run, the next step is already under way.
final class UpdateGuard {
  /// 0, or 1 once any number was not finite.
  private let barrier: Tensor
  private let clip: Double?

  /// Makes a guard.
  ///
  /// - Parameter clip: The norm to which gradients are clipped; nil does not clip.
  init(on device: Device, clip: Double?) {
    barrier = Tensor.zeros([1], on: device)
    self.clip = clip
  }

  /// Computes the limits of an update along `gradient`.
  ///
  /// - Parameter numbers: The losses of the step's parts, followed by a place for the norm of the gradient
  ///   (float64).
  func limits(of gradient: Tensor, _ numbers: Tensor) -> UpdateLimits {
    let norm = gradient.norm()
    numbers.selected(0, numbers.count - 1).copy(from: norm)
    barrier.noteNonFinite(in: numbers)
    return UpdateLimits(divisor: clip.map { norm.clipDivisor($0) }, barrier: barrier)
  }
}
