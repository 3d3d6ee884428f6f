import Glibc

/// What hosts that fail now and then leave of a run's time, and how often it should save.
///
/// A closed form, which is exact where failures of all hosts are independent, at a steady rate, and may strike a start or a
/// checkpoint as well (Daly 2006, A higher order estimate of the optimum checkpoint interval, its exact model).
public struct FailureForecast: Equatable, Sendable {
  /// The time of training between two checkpoints that loses least, in seconds; nil where nothing ever fails.
  public let interval: Double?
  /// The part of the time that is training which is not lost again.
  public let goodput: Double

  /// - Parameters:
  ///   - rate: Failures of any host, a second.
  ///   - checkpoint: Seconds for which a checkpoint holds training up.
  ///   - restart: Seconds from a failure until training goes on.
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
