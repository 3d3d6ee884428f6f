/// A series of values with a window of the last twenty, as in the reference's `SmoothedValue`.
///
/// A series read back from a checkpoint continues to the same bits.
public struct SmoothedValue: Codable, Equatable, Sendable {
  private var window: [Double] = []
  private var total = 0.0
  private static let width = 20

  /// The number of values, each counted as often as its weight.
  public private(set) var count = 0

  /// Makes an empty series.
  public init() {}

  /// Adds a value; `weight` counts only in the global average.
  public mutating func add(_ value: Double, weight: Int = 1) {
    if window.count == Self.width { window.removeFirst() }
    window.append(value)
    count += weight
    total += value * Double(weight)
  }

  /// Whether the series can continue; one read from a file may hold any numbers.
  var isSound: Bool { window.count <= Self.width && (0..<1 << 53).contains(count) }

  /// The lower of the window's two middle values, as `torch.median`.
  public var median: Double { window.isEmpty ? 0 : window.sorted()[(window.count - 1) / 2] }

  /// Mean of the window.
  public var average: Double { window.isEmpty ? 0 : window.reduce(0, +) / Double(window.count) }

  /// Mean of all values, by weight.
  public var globalAverage: Double { count == 0 ? 0 : total / Double(count) }
}
