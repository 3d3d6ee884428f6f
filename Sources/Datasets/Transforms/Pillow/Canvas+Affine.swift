import CImage
import Glibc

/// Operations that move pixels.
extension Canvas {
  /// Transforms the image by `map`, as Pillow's `Image.transform` with `AFFINE` does.
  func move(by map: AffineMap, _ interpolation: Interpolation) {
    let (width, height) = (Int32(width), Int32(height))
    let memory = spare.bytes.reserve(ci_move_memory(width, height))
    let affine = ci_affine(a: map.a, b: map.b, c: map.c, d: map.d, e: map.e, f: map.f)
    ci_move(pixels.baseAddress, width, height, affine, interpolation.movingFilter, memory.baseAddress)
  }
}

/// The source of each pixel of a moved image: (x, y) comes from (ax + by + c, dx + ey + f), in pixels from
/// the top left corner.
struct AffineMap: Equatable {
  var a = 1.0
  var b = 0.0
  var c = 0.0
  var d = 0.0
  var e = 1.0
  var f = 0.0

  /// A rotation about the centre with the numbers of Pillow's `Image.rotate`, whose sine and cosine are
  /// rounded to 15 decimals.
  static func rotation(degrees: Double, width: Int, height: Int) -> AffineMap {
    let angle = -positive(degrees) * (Double.pi / 180)
    let cosine = roundedTo15Decimals(cos(angle))
    let sine = roundedTo15Decimals(sin(angle))
    let x = Double(width) / 2
    let y = Double(height) / 2
    return AffineMap(
      a: cosine, b: sine, c: (cosine * -x + sine * -y) + x,
      d: -sine, e: cosine, f: (-sine * -x + cosine * -y) + y)
  }

  // Python's `degrees % 360`.
  private static func positive(_ degrees: Double) -> Double {
    let rest = fmod(degrees, 360)
    return rest < 0 ? rest + 360 : rest
  }

  /// Python's `round(value, 15)` for values in -1…1: the double nearest to the rounded decimal.
  static func roundedTo15Decimals(_ value: Double) -> Double {
    let scaled = value * 1e15
    let lost = (-scaled).addingProduct(value, 1e15)
    let whole = scaled.rounded(.toNearestOrEven)
    // The rounding error of the product decides where it lies half-way between two integers.
    let rest = (scaled - whole) + lost
    return (whole + (rest > 0.5 ? 1 : rest < -0.5 ? -1 : 0)) / 1e15
  }
}
