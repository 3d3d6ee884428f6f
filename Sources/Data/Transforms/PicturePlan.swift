public import Randomness

/// How the pixels of one sample come from one stored picture: crop, scale, cut a window, mirror, change; a pure value.
public struct PicturePlan: Equatable, Sendable {
  /// The part of the stored picture that is decoded.
  public var crop: PixelRegion
  /// The width that the crop is scaled to.
  public var scaledWidth: Int
  /// The height that the crop is scaled to.
  public var scaledHeight: Int
  /// The part of the scaled crop that is kept.
  public var window: PixelRegion
  /// Whether left and right change places after that.
  public var isMirrored: Bool
  /// The filter that scales.
  public var interpolation = Interpolation.bicubic
  /// What is done to the pixels at last, in order.
  public var operations: [PictureOperation] = []
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
