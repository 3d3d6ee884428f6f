/// A series of values seen through a window of the last twenty, as the reference's meters show it.
struct SmoothedValue {
  private var window: [Double] = []
  private var total = 0.0
  private static let width = 20

  /// Values seen, each as often as its weight says.
  private(set) var count = 0

  /// Adds a value; `weight` counts in the global average alone.
  mutating func add(_ value: Double, weight: Int = 1) {
    if window.count == Self.width { window.removeFirst() }
    window.append(value)
    count += weight
    total += value * Double(weight)
  }

  /// The lower of the two middle values, as `torch.median`.
  var median: Double { window.isEmpty ? 0 : window.sorted()[(window.count - 1) / 2] }

  /// Mean of the window.
  var average: Double { window.isEmpty ? 0 : window.reduce(0, +) / Double(window.count) }

  /// Mean of everything seen.
  var globalAverage: Double { count == 0 ? 0 : total / Double(count) }

  /// The latest value.
  var latest: Double { window.last ?? 0 }
}
