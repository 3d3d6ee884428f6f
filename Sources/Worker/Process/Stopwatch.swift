/// Seconds since it was started or last read.
struct Stopwatch {
  private var last = ContinuousClock.now

  /// Seconds since the last lap, which ends here.
  mutating func lap() -> Double {
    let now = ContinuousClock.now
    defer { last = now }
    return (now - last) / .seconds(1)
  }

  /// Seconds since the last lap, which goes on.
  var elapsed: Double { (ContinuousClock.now - last) / .seconds(1) }
}
