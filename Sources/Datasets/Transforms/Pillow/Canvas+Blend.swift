/// Operations that mix a pixel with another image's, or go beyond it away from that one.
extension Canvas {
  /// The way from `plain` to `value` by `factor`, as `Image.blend` goes it: in single precision, cut to 0…255, truncated.
  @inline(__always)
  func blend(_ plain: Int, _ value: Int, _ factor: Float) -> UInt8 {
    let mixed = Float(plain) + factor * Float(value &- plain)
    return UInt8(min(255, max(0, mixed)))
  }

  /// The grey of the pixel that starts at byte `at`: ITU-R 601-2 luma in 16-bit fixed point, as `convert("L")` has it.
  @inline(__always)
  func grey(at: Int) -> Int {
    let red = 19595 &* Int(pixels[at])
    let green = 38470 &* Int(pixels[at &+ 1])
    let blue = 7471 &* Int(pixels[at &+ 2])
    return (red &+ green &+ blue &+ 0x8000) >> 16
  }

  /// Mixes with the image in greys.
  func color(_ factor: Float) {
    var at = 0
    while at < pixels.count {
      let grey = grey(at: at)
      pixels[at] = blend(grey, Int(pixels[at]), factor)
      pixels[at &+ 1] = blend(grey, Int(pixels[at &+ 1]), factor)
      pixels[at &+ 2] = blend(grey, Int(pixels[at &+ 2]), factor)
      at &+= 3
    }
  }

  /// Mixes with the image smoothed by `ImageFilter.SMOOTH`, whose rim is left as it is.
  func sharpen(_ factor: Float) {
    guard width > 2, height > 2 else { return }
    let before = spare.bytes.reserve(pixels.count)
    _ = before.update(fromContentsOf: pixels)
    let row = width * 3
    for y in 1..<(height - 1) {
      for at in (y * row + 3)..<((y + 1) * row - 3) {
        pixels[at] = blend(smooth(before, at, row), Int(before[at]), factor)
      }
    }
  }

  // The mean of a value and its eight neighbours, itself five times, rounded to the nearest.
  @inline(__always)
  private func smooth(_ bytes: UnsafeMutableBufferPointer<UInt8>, _ at: Int, _ row: Int) -> Int {
    let sum = column(bytes, at &- 3, row) &+ column(bytes, at, row) &+ column(bytes, at &+ 3, row)
    return (2 &* (sum &+ 4 &* Int(bytes[at])) &+ 13) / 26
  }

  @inline(__always)
  private func column(_ bytes: UnsafeMutableBufferPointer<UInt8>, _ at: Int, _ row: Int) -> Int {
    Int(bytes[at &- row]) &+ Int(bytes[at]) &+ Int(bytes[at &+ row])
  }
}
