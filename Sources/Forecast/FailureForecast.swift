import Glibc

/// The useful share of a run's time on hosts that sometimes fail, and the best interval between checkpoints.
///
/// A closed form, exact if failures of all hosts are independent, have a constant rate, and may also strike
/// during restarts and checkpoints (Daly 2006, A higher order estimate of the optimum checkpoint interval,
/// its exact model).
public struct FailureForecast: Equatable, Sendable {
  /// The training time between two checkpoints that loses least, in seconds; nil if nothing ever fails.
  public let interval: Double?
  /// The share of time spent on training that is not lost again.
  public let goodput: Double

  /// Computes the forecast.
  ///
  /// - Parameters:
  /// - rate: Failures of any host per second.
  /// - checkpoint: Seconds for which a checkpoint delays training.
  /// - restart: Seconds from a failure until training continues.
  public init(rate: Double, checkpoint: Double, restart: Double) {
    guard rate > 0, checkpoint > 0 else {
      (interval, goodput) = (nil, 1)
      return
    }
    // The goodput is greatest where e^(rate · (interval + checkpoint)) · (1 - rate · interval) is 1.
    var (low, high) = (0.0, 1 / rate)
    for _ in 0..<200 {
      let middle = (low + high) / 2
      let excess = exp(rate * (middle + checkpoint)) * (1 - rate * middle) - 1
      if excess > 0 { low = middle } else { high = middle }
    }
    interval = low
    goodput = rate * low * exp(-rate * restart) / (exp(rate * (low + checkpoint)) - 1)
  }
}
