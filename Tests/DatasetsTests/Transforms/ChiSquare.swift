import Glibc

/// Pearson's test of how well counts fit: a sum of squares and its degrees of freedom.
struct ChiSquare {
  var sum = 0.0
  var freedom = -1

  /// Whether 99.9 % of fair draws fit as well (the bound is Wilson and Hilferty's).
  var isPlausible: Bool {
    let spread = 2 / (9 * Double(freedom))
    return freedom > 0 && sum < Double(freedom) * pow(1 - spread + 3.09 * spread.squareRoot(), 3)
  }

  /// Of counts whose shares are known; equal ones where none are given.
  init(_ counts: [Int], shares: [Double]? = nil) {
    let total = Double(counts.reduce(0, +))
    for (place, count) in counts.enumerated() {
      let expected = total * (shares?[place] ?? 1 / Double(counts.count))
      add((Double(count) - expected) * (Double(count) - expected) / expected)
    }
  }

  /// Of two samples from what may be the same distribution; bins of few draws are taken together.
  init(_ counts: [Int], against others: [Int]) {
    let total = Double(counts.reduce(0, +))
    let otherTotal = Double(others.reduce(0, +))
    let ratio = (otherTotal / total).squareRoot()
    var few = (0, 0)
    func add(_ pair: (Int, Int)) -> Bool {
      guard Double(pair.0 + pair.1) * total / (total + otherTotal) >= 5 else { return false }
      let gap = Double(pair.0) * ratio - Double(pair.1) / ratio
      self.add(gap * gap / Double(pair.0 + pair.1))
      return true
    }
    for pair in zip(counts, others) where !add(pair) { few = (few.0 + pair.0, few.1 + pair.1) }
    _ = add(few)
  }

  private mutating func add(_ square: Double) {
    sum += square
    freedom += 1
  }
}
