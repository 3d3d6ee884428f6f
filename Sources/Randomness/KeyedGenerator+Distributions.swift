import Glibc

extension KeyedGenerator {
  /// A draw from the Beta(a, a) distribution, `a` above 0: the share of one of two gamma draws.
  public mutating func beta(_ a: Double) -> Double {
    let first = gamma(a)
    let both = first + gamma(a)
    // Both can underflow when `a` is tiny: then all the weight is on one side.
    return both > 0 ? first / both : (uniform() < 0.5 ? 0 : 1)
  }

  /// A draw from the gamma distribution of shape `a` and scale 1 (Marsaglia and Tsang 2000).
  mutating func gamma(_ a: Double) -> Double {
    guard a >= 1 else { return gamma(a + 1) * pow(1 - uniform(), 1 / a) }
    let d = a - 1.0 / 3
    let c = 1 / sqrt(9 * d)
    while true {
      let x = normal()
      let v = pow(1 + c * x, 3)
      if v > 0, log(1 - uniform()) < 0.5 * x * x + d - d * v + d * log(v) { return d * v }
    }
  }
}
