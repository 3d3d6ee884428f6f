public import Randomness

/// The evaluation transform: scales the shorter side to `size / cropPercent`, then crops the centre.
///
/// Source: torchvision's `Resize` and `CenterCrop` as called by the reference's `datasets.py`; timm's crop
/// modes.
public struct EvaluationTransform: Transform {
  /// The height and width of the views.
  public var size: Int
  /// The share of the scaled image's shorter side that is kept.
  public var cropPercent: Double
  /// Whether the aspect ratio is kept; otherwise both sides are scaled to that length.
  public var keepsProportions = true

  /// Makes the transform; by default the reference's, 224 of 256.
  public init(size: Int, cropPercent: Double = 0.875) {
    precondition(size > 0, "a view has at least one pixel")
    precondition(cropPercent > 0 && cropPercent <= 1, "a crop keeps a part of the image")
    self.size = size
    self.cropPercent = cropPercent
  }

  /// Makes the same plan for every image of that size; draws nothing from `generator`.
  public func plan(
    width: Int, height: Int, generator: inout KeyedGenerator, into plan: inout ImagePlan
  ) {
    let shorter = Int(Double(size) / cropPercent)
    let scaledWidth = width <= height || !keepsProportions ? shorter : shorter * width / height
    let scaledHeight = width <= height && keepsProportions ? shorter * height / width : shorter
    let window = PixelRegion(
      x: offset(in: scaledWidth), y: offset(in: scaledHeight), width: size, height: size)
    plan = ImagePlan(
      crop: PixelRegion(width: width, height: height), scaledWidth: scaledWidth, scaledHeight: scaledHeight,
      window: window, isMirrored: false)
  }

  // Python's `round` rounds halves to even.
  private func offset(in length: Int) -> Int {
    Int((Double(length - size) / 2).rounded(.toNearestOrEven))
  }
}
