import CImage

/// Operations that blend or extrapolate between a pixel and another image's.
extension Canvas {
  /// Blends from `plain` to `value` by `factor`, as `Image.blend` does: in single precision, clamped to
  /// 0…255, truncated.
  func blend(_ plain: Int, _ value: Int, _ factor: Float) -> UInt8 {
    let mixed = Float(plain) + factor * Float(value &- plain)
    return UInt8(min(255, max(0, mixed)))
  }

  /// Blends with the greyscale image.
  func color(_ factor: Float) {
    ci_mix_greys(pixels.baseAddress, width * height, factor)
  }

  /// The rounded mean of the greyscale values.
  var meanGrey: Int {
    Int(Double(ci_sum_greys(pixels.baseAddress, width * height)) / Double(width * height) + 0.5)
  }

  /// Blends with the image smoothed by `ImageFilter.SMOOTH`, which leaves the border unchanged.
  func sharpen(_ factor: Float) {
    let before = spare.bytes.reserve(pixels.count)
    _ = before.update(fromContentsOf: pixels)
    ci_mix_smooth(pixels.baseAddress, before.baseAddress, Int32(width), Int32(height), factor)
  }
}
