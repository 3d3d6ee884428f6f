public import Randomness

/// A few operations drawn from fifteen, each carried out half of the time, at about the same magnitude.
///
/// Source: Cubuk et al., "RandAugment", arXiv 1909.13719, as timm 0.3.2's `rand_augment_transform` does it for the
/// reference, whose setting is `rand-m9-mstd0.5-inc1`.
public struct RandAugment: Equatable, Sendable {
  /// How strong operations are, 0…10.
  public var magnitude = 10
  /// How many operations are drawn for a picture.
  public var count = 2
  /// The deviation of the normal noise on the magnitude, drawn for each operation carried out.
  public var deviation = 0.0
  /// Whether all operations grow with the magnitude; otherwise some weaken, or pass through "no change" half-way.
  public var isIncreasing = false
  /// Whether operations are drawn by weight and without repetition, instead of evenly and with it.
  public var isWeighted = false

  /// The values that an empty configuration `rand` stands for.
  public init() {}

  /// The operations for one picture; where it is moved, with a filter drawn from `interpolation`.
  public func operations(
    interpolation: TrainInterpolation, generator: inout KeyedGenerator
  ) -> [PictureOperation] {
    kinds(&generator).compactMap { kind in
      guard generator.uniform() < 0.5 else { return nil }
      return kind.operation(
        level: level(&generator), isNegated: generator.uniform() < 0.5, isIncreasing: isIncreasing,
        interpolation.drawn(from: &generator))
    }
  }

  private func level(_ generator: inout KeyedGenerator) -> Double {
    let noise = deviation > 0 ? deviation * generator.normal() : 0
    return min(10, max(0, Double(magnitude) + noise))
  }

  private func kinds(_ generator: inout KeyedGenerator) -> [Kind] {
    guard isWeighted else {
      return (0..<count).map { _ in Kind.allCases[generator.integer(below: Kind.allCases.count)] }
    }
    var rest = Kind.allCases
    return (0..<count).map { _ in rest.remove(at: Self.place(in: rest, &generator)) }
  }

  // A place of `rest`, each as likely as its kind's weight.
  private static func place(in rest: [Kind], _ generator: inout KeyedGenerator) -> Int {
    var ticket = generator.integer(below: rest.reduce(0) { $0 + $1.weight })
    for (place, kind) in rest.enumerated() {
      ticket -= kind.weight
      if ticket < 0 { return place }
    }
    preconditionFailure("a ticket beyond the sum of all weights")
  }
}
