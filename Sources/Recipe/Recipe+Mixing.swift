extension Recipe {
  /// Mixup (Zhang et al.) and CutMix (Yun et al.), as in timm 0.3.2.
  public struct Mixing: Codable, Equatable, Sendable {
    /// Alpha of Mixup's Beta distribution; 0 for no Mixup.
    public var mixup = 0.8
    /// Alpha of CutMix's Beta distribution; 0 for no CutMix.
    public var cutmix = 1.0
    /// Smallest and largest side of CutMix's box as a part of the picture's; it then takes the place of `cutmix`.
    @ExplicitNull public var cutmixMinMax: [Double]? = nil
    /// Chance that a batch, or in the other modes a picture, is mixed.
    public var probability = 1.0
    /// Chance of CutMix where both are on.
    public var switchProbability = 0.5
    /// What shares one draw.
    public var mode = Mode.batch

    /// What shares one draw of the kind and the strength of mixing.
    public enum Mode: String, Codable, Sendable, CaseIterable {
      /// The whole batch.
      case batch
      /// A picture and its partner.
      case pair
      /// Each picture alone.
      case elem
    }

    /// Whether pictures are mixed at all.
    public var isOn: Bool { probability > 0 && (mixup > 0 || mixesRectangles) }
    /// Whether CutMix is on.
    public var mixesRectangles: Bool { cutmix > 0 || cutmixMinMax != nil }

    /// The reference's values.
    public init() {}
  }
}
