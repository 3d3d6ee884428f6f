import Glibc

/// Operations that move pixels.
extension Canvas {
  /// What shows where the moved image ends: the mean colour of ImageNet, as the reference fills it.
  private static let fill = SIMD4<Double>(124, 116, 104, 0)

  /// Moves the image by `map`, as Pillow's `Image.transform` with `AFFINE` does.
  ///
  /// A pixel whose source lies outside is filled, without blending at the rim; inside, taps beyond the rim take the
  /// nearest pixel. Coordinates and weights are doubles, and the result is truncated.
  func move(by map: AffineMap, _ interpolation: Interpolation) {
    let source = PaddedImage(self, in: spare.colors)
    for y in 0..<height {
      for x in 0..<width {
        let color = color(of: source, at: Double(x) + 0.5, Double(y) + 0.5, map, interpolation)
        store(color, at: (y &* width &+ x) &* 3)
      }
    }
  }

  @inline(__always)
  private func color(
    of source: PaddedImage, at x: Double, _ y: Double, _ map: AffineMap, _ interpolation: Interpolation
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

/// Where the pixels of a moved image come from: (x, y) from (ax + by + c, dx + ey + f), in pixels from the top left corner.
struct AffineMap: Equatable {
  var a = 1.0
  var b = 0.0
  var c = 0.0
  var d = 0.0
  var e = 1.0
  var f = 0.0

  /// A turn about the centre, with the numbers of Pillow's `Image.rotate`: sine and cosine are rounded to 15 decimals.
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

  /// Python's `round(value, 15)` for values in -1…1: the double nearest to the nearest decimal.
  static func roundedTo15Decimals(_ value: Double) -> Double {
    let scaled = value * 1e15
    let lost = (-scaled).addingProduct(value, 1e15)
    let whole = scaled.rounded(.toNearestOrEven)
    // What the product lost may tip the balance where it lies half-way between two whole numbers.
    let rest = (scaled - whole) + lost
    return (whole + (rest > 0.5 ? 1 : rest < -0.5 ? -1 : 0)) / 1e15
  }
}

/// A copy of an image in doubles, with its rim repeated twice around it, so that interpolation never asks where it ends.
private struct PaddedImage {
  private static let rim = 2

  // The top left pixel of the image itself.
  private let origin: UnsafeMutablePointer<SIMD4<Double>>
  private let stride: Int

  /// Copies `canvas` into `memory`, which must not change while the copy is in use.
  init(_ canvas: Canvas, in memory: ReusedBuffer<SIMD4<Double>>) {
    stride = canvas.width + 2 * Self.rim
    let colors = memory.reserve(stride * (canvas.height + 2 * Self.rim))
    guard let start = colors.baseAddress else { preconditionFailure("an image has at least one pixel") }
    origin = start + Self.rim * stride + Self.rim
    for y in 0..<canvas.height { copyRow(y, of: canvas) }
    for step in 1...Self.rim {
      repeatRow(0, to: -step)
      repeatRow(canvas.height - 1, to: canvas.height - 1 + step)
    }
  }

  private func copyRow(_ y: Int, of canvas: Canvas) {
    let row = origin + y * stride
    var at = y * canvas.width * 3
    for x in 0..<canvas.width {
      row[x] = SIMD4(
        Double(canvas.pixels[at]), Double(canvas.pixels[at &+ 1]), Double(canvas.pixels[at &+ 2]), 0)
      at &+= 3
    }
    for step in 1...Self.rim {
      row[-step] = row[0]
      row[canvas.width - 1 + step] = row[canvas.width - 1]
    }
  }

  private func repeatRow(_ y: Int, to other: Int) {
    (origin + other * stride - Self.rim).update(from: origin + y * stride - Self.rim, count: stride)
  }

  /// The colour at (x, y) between the centres of pixels, at least -0.5 each, by cubic pieces with a = -1.
  @inline(__always)
  func bicubic(_ x: Double, _ y: Double) -> SIMD4<Double> {
    let column = Self.floor(x)
    let line = Self.floor(y)
    let dx = x - Double(column)
    let dy = y - Double(line)
    let row = origin + (line &* stride &+ column)
    // On the centre of a row or a column its neighbours have no weight; shear and translation mostly end here.
    if dy == 0 { return Self.cubic(row[-1], row[0], row[1], row[2], dx) }
    if dx == 0 { return Self.cubic(row[-stride], row[0], row[stride], row[2 &* stride], dy) }
    return Self.cubic(
      rowCubic(row - stride, dx), rowCubic(row, dx), rowCubic(row + stride, dx),
      rowCubic(row + 2 &* stride, dx), dy)
  }

  /// The colour at (x, y) between the centres of pixels, at least -0.5 each, from the nearest four.
  @inline(__always)
  func bilinear(_ x: Double, _ y: Double) -> SIMD4<Double> {
    let column = Self.floor(x)
    let line = Self.floor(y)
    let dx = x - Double(column)
    let above = origin + (line &* stride &+ column)
    let below = above + stride
    let top = above[0] + (above[1] - above[0]) * dx
    let bottom = below[0] + (below[1] - below[0]) * dx
    return top + (bottom - top) * (y - Double(line))
  }

  @inline(__always)
  private func rowCubic(_ row: UnsafeMutablePointer<SIMD4<Double>>, _ d: Double) -> SIMD4<Double> {
    Self.cubic(row[-1], row[0], row[1], row[2], d)
  }

  // The order of the operations is Pillow's, since each rounds.
  @inline(__always)
  private static func cubic(
    _ v1: SIMD4<Double>, _ v2: SIMD4<Double>, _ v3: SIMD4<Double>, _ v4: SIMD4<Double>, _ d: Double
  ) -> SIMD4<Double> {
    let p2 = v3 - v1
    let p3 = 2 * (v1 - v2) + v3 - v4
    let p4 = v2 - v1 - v3 + v4
    return v2 + d * (p2 + d * (p3 + d * p4))
  }

  @inline(__always)
  private static func floor(_ coordinate: Double) -> Int {
    coordinate < 0 ? -1 : Int(coordinate)
  }
}
