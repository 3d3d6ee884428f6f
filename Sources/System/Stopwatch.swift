import Glibc

/// Measures seconds since it was started or last read.
public struct Stopwatch: Sendable {
  private var last = ContinuousClock.now

  /// Starts it.
  public init() {}

  /// Returns the seconds since the last lap and starts a new one.
  public mutating func lap() -> Double {
    let now = ContinuousClock.now
    defer { last = now }
    return (now - last) / .seconds(1)
  }

  /// Seconds since the last lap, which continues.
  public var elapsed: Double { (ContinuousClock.now - last) / .seconds(1) }
}

/// The time on the monotonic clock, which all processes of a host share.
public func monotonicNanoseconds() -> UInt64 {
  var time = timespec()
  clock_gettime(CLOCK_MONOTONIC, &time)
  return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
}
