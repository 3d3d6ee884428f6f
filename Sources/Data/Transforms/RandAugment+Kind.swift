extension RandAugment {
  /// The fifteen operations in timm's order and under timm's names (where these grow with the magnitude, without the
  /// ending `Increasing`).
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
  /// How likely a weighted choice draws the operation first, in thousandths (timm's weights, number 0).
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

  /// The operation at `level`, 0…10; `isNegated` turns those round that have two directions.
  func operation(
    level: Double, isNegated: Bool, isIncreasing: Bool, _ interpolation: Interpolation
  ) -> PictureOperation {
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
