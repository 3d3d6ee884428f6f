public import Randomness

/// Random brightness, contrast and saturation, in random order (torchvision's `ColorJitter` without hue).
public struct ColorJitter: Equatable, Sendable {
  /// How far each factor may lie from 1, at least 0; factors stay positive.
  public var strength: Double

  /// Makes the jitter; the reference's `--color-jitter` is the strength.
  public init(_ strength: Double) {
    precondition(strength >= 0, "a strength of \(strength) has no meaning")
    self.strength = strength
  }

  /// The operations for one image; none where the strength is 0.
  public func operations(generator: inout KeyedGenerator) -> [ImageOperation] {
    guard strength > 0 else { return [] }
    let factors = max(0, 1 - strength)...(1 + strength)
    let operations: [ImageOperation] = [
      .brightness(generator.uniform(in: factors)), .contrast(generator.uniform(in: factors)),
      .color(generator.uniform(in: factors)),
    ]
    return generator.permutation(of: operations.count).map { operations[$0] }
  }
}
