/// Operations that move pixels.
extension Canvas {
  /// What shows where the moved picture ends: the mean colour of ImageNet, as the reference fills it.
  private static let fill = SIMD4<Double>(124, 116, 104, 0)

  /// Moves the picture by `map`, as Pillow's `Image.transform` with `AFFINE` does.
  ///
  /// A pixel whose source lies outside is filled, without blending at the rim; inside, taps beyond the rim take the
  /// nearest pixel. Coordinates and weights are doubles, and the result is truncated.
  func move(by map: AffineMap, _ interpolation: Interpolation) {
    let source = PaddedPicture(self, in: spare.colors)
    for y in 0..<height {
      for x in 0..<width {
        let color = color(of: source, at: Double(x) + 0.5, Double(y) + 0.5, map, interpolation)
        store(color, at: (y &* width &+ x) &* 3)
      }
    }
  }

  @inline(__always)
  private func color(
    of source: PaddedPicture, at x: Double, _ y: Double, _ map: AffineMap, _ interpolation: Interpolation
  ) -> SIMD4<Double> {
    let sourceX = map.a * x + map.b * y + map.c
    let sourceY = map.d * x + map.e * y + map.f
    guard sourceX >= 0, sourceX < Double(width), sourceY >= 0, sourceY < Double(height) else {
      return Self.fill
    }
    return interpolation == .bicubic
      ? source.bicubic(sourceX - 0.5, sourceY - 0.5) : source.bilinear(sourceX - 0.5, sourceY - 0.5)
  }

  @inline(__always)
  private func store(_ color: SIMD4<Double>, at: Int) {
    pixels[at] = UInt8(min(255, max(0, color.x)))
    pixels[at &+ 1] = UInt8(min(255, max(0, color.y)))
    pixels[at &+ 2] = UInt8(min(255, max(0, color.z)))
  }
}
