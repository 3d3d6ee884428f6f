/// Encodes a plan for other programs: regions as left, top, width and height, operations by timm's names and
/// numbers.
extension ImagePlan: Encodable {
  private enum CodingKeys: String, CodingKey {
    case crop, scaled, window, isMirrored, isFlipped, interpolation, operations
  }

  /// Encodes everything needed to make the view.
  public func encode(to encoder: any Encoder) throws {
    var values = encoder.container(keyedBy: CodingKeys.self)
    try values.encode(crop.numbers, forKey: .crop)
    try values.encode([scaledWidth, scaledHeight], forKey: .scaled)
    try values.encode(window.numbers, forKey: .window)
    try values.encode(isMirrored, forKey: .isMirrored)
    try values.encode(isFlipped, forKey: .isFlipped)
    try values.encode(interpolation.rawValue, forKey: .interpolation)
    try values.encode(operations, forKey: .operations)
  }
}

extension PixelRegion {
  fileprivate var numbers: [Int] { [x, y, width, height] }
}

extension ImageOperation: Encodable {
  private enum CodingKeys: String, CodingKey {
    case kind, value, interpolation
  }

  /// Encodes the operation's kind, its number, and the filter that moves pixels, if it has these.
  public func encode(to encoder: any Encoder) throws {
    let (kind, value, interpolation) = parts
    var values = encoder.container(keyedBy: CodingKeys.self)
    try values.encode(kind.rawValue, forKey: .kind)
    try values.encodeIfPresent(value, forKey: .value)
    try values.encodeIfPresent(interpolation?.rawValue, forKey: .interpolation)
  }

  private var parts: (RandAugment.Kind, value: Double?, Interpolation?) {
    switch self {
    case .autoContrast: (.autoContrast, nil, nil)
    case .equalize: (.equalize, nil, nil)
    case .invert: (.invert, nil, nil)
    case .posterize(let bits): (.posterize, Double(bits), nil)
    case .solarize(let threshold): (.solarize, Double(threshold), nil)
    case .solarizeAdd(let amount): (.solarizeAdd, Double(amount), nil)
    case .color(let factor): (.color, factor, nil)
    case .contrast(let factor): (.contrast, factor, nil)
    case .brightness(let factor): (.brightness, factor, nil)
    case .sharpness(let factor): (.sharpness, factor, nil)
    case .rotate(let degrees, let filter): (.rotate, degrees, filter)
    case .shearX(let factor, let filter): (.shearX, factor, filter)
    case .shearY(let factor, let filter): (.shearY, factor, filter)
    case .translateX(let share, let filter): (.translateX, share, filter)
    case .translateY(let share, let filter): (.translateY, share, filter)
    }
  }
}
