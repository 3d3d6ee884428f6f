import CImage

/// Operations that mix a pixel with another image's, or go beyond it away from that one.
extension Canvas {
  /// The way from `plain` to `value` by `factor`, as `Image.blend` goes it: in single precision, cut to 0…255, truncated.
  func blend(_ plain: Int, _ value: Int, _ factor: Float) -> UInt8 {
    let mixed = Float(plain) + factor * Float(value &- plain)
    return UInt8(min(255, max(0, mixed)))
  }

  /// Mixes with the image in greys.
  func color(_ factor: Float) {
    ci_mix_greys(pixels.baseAddress, width * height, factor)
  }

  /// The mean of the greys, rounded.
  var meanGrey: Int {
    Int(Double(ci_sum_greys(pixels.baseAddress, width * height)) / Double(width * height) + 0.5)
  }

  /// Mixes with the image smoothed by `ImageFilter.SMOOTH`, whose rim is left as it is.
  func sharpen(_ factor: Float) {
    let before = spare.bytes.reserve(pixels.count)
    _ = before.update(fromContentsOf: pixels)
    ci_mix_smooth(pixels.baseAddress, before.baseAddress, Int32(width), Int32(height), factor)
  }
}
