/// The factor that keeps float16 gradients from vanishing, moved by what happens.
///
/// Apex's and PyTorch's dynamic scale: 65,536 at first, halved when a gradient overflows, doubled after 2,000 steps
/// without an overflow, at most 2²⁴. All ranks see the same gradient, so all move it alike.
public struct LossScale: Codable, Equatable, Sendable {
  /// What the loss is multiplied by.
  public private(set) var factor: Double
  /// Steps since the factor moved.
  public private(set) var goodSteps = 0

  private static let growthInterval = 2_000
  private static let largest = 0x1p24
  /// A gradient that overflows below this is lost, whatever it is multiplied by.
  private static let smallest = 0x1p-24

  /// The scale at the first step.
  public init(factor: Double = 65_536) { self.factor = factor }

  /// Whether it can be gone on with: one that was read from a file may hold any numbers.
  var isSound: Bool {
    (Self.smallest...Self.largest).contains(factor) && (0..<Self.growthInterval).contains(goodSteps)
  }

  /// Whether it has been halved for so long that no factor will do.
  var isExhausted: Bool { factor < Self.smallest }

  /// Learns whether the step's gradient was finite.
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
