/// The dynamic factor on the loss that keeps float16 gradients from vanishing.
///
/// As in Apex and PyTorch: 65,536 at first, halved when a gradient overflows, doubled after 2,000 steps
/// without an overflow, at most 2²⁴. All ranks see the same gradient, so all change it alike.
public struct LossScale: Codable, Equatable, Sendable {
  /// What the loss is multiplied by.
  public private(set) var factor: Double
  /// Steps since the factor last changed.
  public private(set) var goodSteps = 0

  private static let growthInterval = 2_000
  private static let largest = 0x1p24
  /// If a gradient overflows even below this factor, no factor helps.
  private static let smallest = 0x1p-24

  /// Makes the scale of the first step.
  public init(factor: Double = 65_536) { self.factor = factor }

  /// Whether the scale can continue; one read from a file may hold any numbers.
  var isSound: Bool {
    (Self.smallest...Self.largest).contains(factor) && (0..<Self.growthInterval).contains(goodSteps)
  }

  /// Whether it has been halved so often that no factor helps.
  var isExhausted: Bool { factor < Self.smallest }

  /// Takes in whether the step's gradient was finite, and changes the factor.
  mutating func update(gradientWasFinite: Bool) {
    guard gradientWasFinite else {
      factor /= 2
      goodSteps = 0
      return
    }
    goodSteps += 1
    if goodSteps == Self.growthInterval {
      factor = min(2 * factor, Self.largest)
      goodSteps = 0
    }
  }
}
