public import Randomness

/// Draws a few of fifteen operations, each applied with probability one half at about the same magnitude.
///
/// Source: Cubuk et al., "RandAugment", arXiv 1909.13719, as implemented by timm 0.3.2's
/// `rand_augment_transform`; the reference's setting is `rand-m9-mstd0.5-inc1`.
public struct RandAugment: Equatable, Sendable {
  /// How strong operations are, 0…10.
  public var magnitude = 10
  /// How many operations are drawn per image.
  public var count = 2
  /// The standard deviation of the noise on the magnitude, drawn for each applied operation.
  public var deviation = 0.0
  /// Whether all operations get stronger with the magnitude; otherwise some weaken, or pass through "no
  /// change" half-way.
  public var isIncreasing = false
  /// Whether operations are drawn by weight and without repetition, instead of uniformly with repetition.
  public var isWeighted = false

  /// Makes the values of an empty configuration `rand`.
  public init() {}

  /// Adds the operations for one image; those that move pixels draw their filter from `interpolation`.
  public func draw(
    into operations: inout [ImageOperation], interpolation: TrainInterpolation,
    generator: inout KeyedGenerator
  ) {
    // On the stack, since all kinds are drawn before any of their levels.
    withUnsafeTemporaryAllocation(of: Kind.self, capacity: count) { kinds in
      draw(into: kinds, &generator)
      for kind in kinds where generator.uniform() < 0.5 {
        operations.append(
          kind.operation(
            level: level(&generator), isNegated: generator.uniform() < 0.5, isIncreasing: isIncreasing,
            interpolation.drawn(from: &generator)))
      }
    }
  }

  private func level(_ generator: inout KeyedGenerator) -> Double {
    let noise = deviation > 0 ? deviation * generator.normal() : 0
    return min(10, max(0, Double(magnitude) + noise))
  }

  private func draw(into kinds: UnsafeMutableBufferPointer<Kind>, _ generator: inout KeyedGenerator) {
    var rest = KindSet()
    for place in kinds.indices {
      let kind = isWeighted ? rest.removeOne(&generator) : Kind.all[generator.integer(below: Kind.all.count)]
      kinds.initializeElement(at: place, to: kind)
    }
  }
}

/// The operations that a weighted choice has not drawn yet.
private struct KindSet {
  private var isDrawn = SIMD16<UInt8>(repeating: 0)

  /// Removes one, drawn by the weights of those left.
  mutating func removeOne(_ generator: inout KeyedGenerator) -> RandAugment.Kind {
    var ticket = generator.integer(below: RandAugment.Kind.all.indices.reduce(0) { $0 + weight(at: $1) })
    for (place, kind) in RandAugment.Kind.all.enumerated() {
      ticket -= weight(at: place)
      guard ticket >= 0 else {
        isDrawn[place] = 1
        return kind
      }
    }
    preconditionFailure("a ticket beyond the sum of all weights")
  }

  private func weight(at place: Int) -> Int { isDrawn[place] == 0 ? RandAugment.Kind.all[place].weight : 0 }
}

extension RandAugment {
  /// Parses timm's notation: `rand`, then sections in any order, each a name and a number, joined by dashes.
  ///
  /// - `m9`: the magnitude, by default 10; more than 10 acts as 10, up to noise.
  /// - `n2`: how many operations are drawn, by default 2.
  /// - `mstd0.5`: the standard deviation of the magnitude.
  /// - `inc1`: operations that get stronger with the magnitude. `inc0` means the same, as in timm 0.3.2,
  ///   where "0" counts as true.
  /// - `w0`: the weighted choice; there is one set of weights.
  ///
  /// Anything else throws, while timm ignores a section without a number.
  public init(parsing configuration: String) throws(RandAugmentError) {
    self.init()
    let sections = configuration.split(separator: "-", omittingEmptySubsequences: false).map(String.init)
    guard sections[0] == "rand" else { throw .unknownPolicy(sections[0], configuration: configuration) }
    for section in sections.dropFirst() {
      let name = String(section.prefix { !("0"..."9").contains($0) })
      let value = String(section.dropFirst(name.count))
      guard let setting = Self.settings[name] else {
        throw .unknownSection(section, configuration: configuration)
      }
      guard setting.read(&self, value) else {
        throw .badValue(section, expected: setting.expectation, configuration: configuration)
      }
    }
    try checkWeights(configuration)
  }

  private struct Setting {
    let expectation: String
    let read: @Sendable (inout RandAugment, String) -> Bool
  }

  private static let settings: [String: Setting] = [
    "m": Setting(expectation: "a whole number, such as m9") { assign(&$0.magnitude, Int($1)) },
    "n": Setting(expectation: "a whole number, such as n2") { assign(&$0.count, Int($1)) },
    "mstd": Setting(expectation: "a number, such as mstd0.5") {
      assign(&$0.deviation, Double($1).flatMap { $0.isFinite ? $0 : nil })
    },
    "inc": Setting(expectation: "inc1") { assign(&$0.isIncreasing, Int($1).map { _ in true }) },
    "w": Setting(expectation: "w0, the only set of weights") {
      assign(&$0.isWeighted, $1 == "0" ? true : nil)
    },
  ]

  private static func assign<Value>(_ place: inout Value, _ value: Value?) -> Bool {
    guard let value else { return false }
    place = value
    return true
  }

  private func checkWeights(_ configuration: String) throws(RandAugmentError) {
    let possible = Kind.allCases.count { $0.weight > 0 }
    guard isWeighted, count > possible else { return }
    throw .badValue(
      "n\(count)", expected: "at most n\(possible) with w0, which draws none twice",
      configuration: configuration)
  }
}

extension RandAugment {
  /// The fifteen operations in timm's order and by timm's names (without the ending `Increasing`).
  enum Kind: String, CaseIterable, Sendable {
    case autoContrast = "AutoContrast"
    case equalize = "Equalize"
    case invert = "Invert"
    case rotate = "Rotate"
    case posterize = "Posterize"
    case solarize = "Solarize"
    case solarizeAdd = "SolarizeAdd"
    case color = "Color"
    case contrast = "Contrast"
    case brightness = "Brightness"
    case sharpness = "Sharpness"
    case shearX = "ShearX"
    case shearY = "ShearY"
    case translateX = "TranslateXRel"
    case translateY = "TranslateYRel"
  }
}

extension RandAugment.Kind {
  /// All kinds, made once.
  static let all = allCases

  /// The weight in a weighted choice, in thousandths (timm's weights, number 0).
  var weight: Int {
    switch self {
    case .rotate: 300
    case .shearX, .shearY: 200
    case .translateX, .translateY: 100
    case .color, .sharpness, .autoContrast: 25
    case .solarize, .solarizeAdd, .contrast, .brightness, .equalize: 5
    case .posterize, .invert: 0
    }
  }

  /// The operation at `level`, 0…10; `isNegated` reverses operations that have two directions.
  func operation(
    level: Double, isNegated: Bool, isIncreasing: Bool, _ interpolation: Interpolation
  ) -> ImageOperation {
    let share = level / 10
    let sign = isNegated ? -1.0 : 1.0
    let factor = isIncreasing ? 1 + sign * (share * 0.9) : share * 1.8 + 0.1
    switch self {
    case .autoContrast: return .autoContrast
    case .equalize: return .equalize
    case .invert: return .invert
    case .posterize: return .posterize(bits: isIncreasing ? 4 - Int(share * 4) : Int(share * 4))
    case .solarize: return .solarize(threshold: isIncreasing ? 256 - Int(share * 256) : Int(share * 256))
    case .solarizeAdd: return .solarizeAdd(Int(share * 110))
    case .color: return .color(factor)
    case .contrast: return .contrast(factor)
    case .brightness: return .brightness(factor)
    case .sharpness: return .sharpness(factor)
    case .rotate: return .rotate(degrees: sign * (share * 30), interpolation)
    case .shearX: return .shearX(sign * (share * 0.3), interpolation)
    case .shearY: return .shearY(sign * (share * 0.3), interpolation)
    case .translateX: return .translateX(sign * (share * 0.45), interpolation)
    case .translateY: return .translateY(sign * (share * 0.45), interpolation)
    }
  }
}

/// What can be wrong with a RandAugment configuration such as `rand-m9-mstd0.5-inc1`.
///
/// `description` is for the user: what happened, where, the likely cause, the next command.
public enum RandAugmentError: Error, Equatable, Sendable {
  /// The configuration does not start with `rand`.
  case unknownPolicy(String, configuration: String)
  /// A section has an unknown name.
  case unknownSection(String, configuration: String)
  /// A section's number is missing or invalid.
  case badValue(String, expected: String, configuration: String)
}

extension RandAugmentError: CustomStringConvertible {
  /// What happened, where, the likely cause and the next command.
  public var description: String {
    switch self {
    case .unknownPolicy(let name, let configuration):
      """
      unknown augmentation "\(name)" in --aa \(configuration): RandAugment is the only one there is. \(Self.advice)
      """
    case .unknownSection(let section, let configuration):
      """
      unknown section "\(section)" in --aa \(configuration): after rand come mN (magnitude 0 to 10), nN (operations a \
      image), mstdX (deviation of the magnitude), inc1 (growing with the magnitude) and w0 (weighted choice), \
      joined by dashes. \(Self.advice)
      """
    case .badValue(let section, let expected, let configuration):
      "bad section \"\(section)\" in --aa \(configuration): expected \(expected). \(Self.advice)"
    }
  }

  private static let advice = "The reference's setting: --aa rand-m9-mstd0.5-inc1"
}
