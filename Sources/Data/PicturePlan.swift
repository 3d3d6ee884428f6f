public import Randomness

/// How the pixels of one sample come from one stored picture: crop, scale, cut a window, mirror; a pure value.
public struct PicturePlan: Equatable, Sendable {
  /// The part of the stored picture that is decoded.
  public var crop: PixelRegion
  /// The width that the crop is scaled to.
  public var scaledWidth: Int
  /// The height that the crop is scaled to.
  public var scaledHeight: Int
  /// The part of the scaled crop that is kept.
  public var window: PixelRegion
  /// Whether left and right change places at the end.
  public var isMirrored: Bool

  /// Whether the whole scaled crop is kept.
  var keepsAll: Bool {
    window == PixelRegion(width: scaledWidth, height: scaledHeight)
  }
}

/// Plans the way from a stored picture to the square sample that a model takes.
public protocol Transform: Sendable {
  /// The height and width of the samples.
  var size: Int { get }

  /// The plan for a picture of `width` x `height` pixels, whose window measures `size` x `size`.
  ///
  /// All randomness comes from `generator`, so that equal generators make equal plans.
  func plan(width: Int, height: Int, generator: inout KeyedGenerator) -> PicturePlan
}
