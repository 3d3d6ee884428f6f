/// What is known of a network before it is made: its size, and what others trained it to.
public struct ModelFacts: Sendable, Equatable {
  /// The reference's name of it.
  public let name: String
  /// Weights, with a head for 1,000 classes.
  public let parameters: Int
  /// Multiply-adds of a forward pass of one image of 224 pixels, attention's products among them, norms and activations not.
  public let multiplyAdds: Int
  /// The best Acc@1 in percent on ImageNet of the reference's published training of 300 epochs, as its log has it; nil where
  /// there is none.
  public let accuracy: Double?
  /// The name that timm has for it.
  public var timm: String? { ModelName.aliases.first { $0.name == name }?.others.first }

  /// Every network, in the order of their names' list.
  public static let all = [
    ModelFacts("alt_gvt_small", 24_060_776, 2_927_353_344, 81.722),
    ModelFacts("alt_gvt_base", 56_070_952, 8_562_612_480, 83.160),
    ModelFacts("alt_gvt_large", 99_271_400, 15_111_777_280, 83.666),
    ModelFacts("alt_gvt_nano", 1_948_520, 321_612_864, nil),
    ModelFacts("pcpvt_small_v0", 24_106_216, 3_809_459_968, 81.226),
    ModelFacts("pcpvt_base_v0", 43_828_456, 6_652_933_888, 82.722),
    ModelFacts("pcpvt_large_v0", 60_989_672, 9_807_524_096, 83.058),
  ]

  private init(_ name: String, _ parameters: Int, _ multiplyAdds: Int, _ accuracy: Double?) {
    (self.name, self.parameters, self.multiplyAdds, self.accuracy) = (
      name, parameters, multiplyAdds, accuracy
    )
  }
}
