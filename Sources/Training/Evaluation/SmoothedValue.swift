/// A series of values seen through a window of the last twenty, as the reference's meters show it.
///
/// Read back from a checkpoint, it goes on to the same bits.
public struct SmoothedValue: Codable, Equatable, Sendable {
  private var window: [Double] = []
  private var total = 0.0
  private static let width = 20

  /// Values seen, each as often as its weight says.
  public private(set) var count = 0

  /// A series that has no values yet.
  public init() {}

  /// Adds a value; `weight` counts in the global average alone.
  public mutating func add(_ value: Double, weight: Int = 1) {
    if window.count == Self.width { window.removeFirst() }
    window.append(value)
    count += weight
    total += value * Double(weight)
  }

  /// Whether it can be gone on with: one that was read from a file may hold any numbers.
  var isSound: Bool { window.count <= Self.width && (0..<1 << 53).contains(count) }

  /// The lower of the two middle values, as `torch.median`.
  public var median: Double { window.isEmpty ? 0 : window.sorted()[(window.count - 1) / 2] }

  /// Mean of the window.
  public var average: Double { window.isEmpty ? 0 : window.reduce(0, +) / Double(window.count) }

  /// Mean of everything seen.
  public var globalAverage: Double { count == 0 ? 0 : total / Double(count) }
}
