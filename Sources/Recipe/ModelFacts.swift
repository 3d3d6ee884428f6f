/// Known facts about a network: its size, and its published accuracy.
public struct ModelFacts: Sendable, Equatable {
  /// Its canonical name: the reference's, or timm's if the reference has none.
  public let name: String
  /// The number of parameters, with a head for 1,000 classes.
  public let parameters: Int
  /// Multiply-adds of the forward pass of one 224-pixel image, with attention's products, without norms and
  /// activations.
  public let multiplyAdds: Int
  /// Published top-1 accuracy on ImageNet after 300 epochs, in percent: the best of the reference's log, or
  /// the number stated by DeiT's authors; nil if there is none.
  public let accuracy: Double?
  /// The network's name in timm.
  public var timm: String? { ModelName.timm(name) }

  /// Every network, in the order of the list of names.
  public static let all = [
    ModelFacts("alt_gvt_small", 24_060_776, 2_927_353_344, 81.722),
    ModelFacts("alt_gvt_base", 56_070_952, 8_562_612_480, 83.160),
    ModelFacts("alt_gvt_large", 99_271_400, 15_111_777_280, 83.666),
    ModelFacts("alt_gvt_nano", 1_948_520, 321_612_864, nil),
    ModelFacts("pcpvt_small_v0", 24_106_216, 3_809_459_968, 81.226),
    ModelFacts("pcpvt_base_v0", 43_828_456, 6_652_933_888, 82.722),
    ModelFacts("pcpvt_large_v0", 60_989_672, 9_807_524_096, 83.058),
    ModelFacts("deit_tiny_patch16_224", 5_717_416, 1_253_683_200, 72.2),
    ModelFacts("deit_small_patch16_224", 22_050_664, 4_598_882_304, 79.9),
    ModelFacts("deit_base_patch16_224", 86_567_656, 17_563_828_224, 81.8),
    ModelFacts("deit_tiny_distilled_patch16_224", 5_910_800, 1_261_003_776, 74.5),
    ModelFacts("deit_small_distilled_patch16_224", 22_436_432, 4_624_140_288, 81.2),
    ModelFacts("deit_base_distilled_patch16_224", 87_338_192, 17_656_811_520, 83.4),
  ]

  /// The published accuracy, for comparison with an evaluation; nil unless the images have the published size
  /// and look like ImageNet-1k's validation set.
  public static func published(_ name: String, side: Int, classes: Int, images: Int) -> Double? {
    guard side == 224, classes == 1000, (49_000...51_000).contains(images) else { return nil }
    return all.first { $0.name == name }?.accuracy
  }

  private init(_ name: String, _ parameters: Int, _ multiplyAdds: Int, _ accuracy: Double?) {
    (self.name, self.parameters, self.multiplyAdds, self.accuracy) = (
      name, parameters, multiplyAdds, accuracy
    )
  }
}
