import System

/// The measurements of one image.
struct ImageMeasurement: Sendable {
  /// A hash of a file's bytes, with what else identifies it.
  struct Fingerprint: Hashable {
    let count: Int
    let checksum: UInt32
  }

  let fingerprint: Fingerprint
  let width: Int
  let height: Int
  /// The mean of red, green and blue, from 0 to 1, over all pixels.
  let mean: SIMD3<Double>
  /// The mean of their squares.
  let meanSquare: SIMD3<Double>
  let hash: DifferenceHash

  /// Decodes the image and reads its pixels once.
  init(_ image: EncodedImage, in memory: ByteBuffer) throws(DataError) {
    let fingerprint = Fingerprint(
      count: image.bytes.count, checksum: CRC32C(of: UnsafeRawBufferPointer(image.bytes)).value)
    let rows = try image.decode(PixelRegion(width: image.width, height: image.height), into: memory)
    self.init(rows, width: image.width, height: image.height, fingerprint)
  }

  init(_ rows: DecodedRows, width: Int, height: Int, _ fingerprint: Fingerprint) {
    (self.width, self.height, self.fingerprint) = (width, height, fingerprint)
    var (sums, squares) = (SIMD3<UInt64>(), SIMD3<UInt64>())
    for y in 0..<height {
      let row = UnsafeBufferPointer(start: rows.start + y * rows.stride, count: width * 3)
      let own = Self.sums(of: row)
      sums &+= own.levels
      squares &+= own.squares
    }
    let pixels = Double(width * height)
    mean = SIMD3<Double>(sums) / (255 * pixels)
    meanSquare = SIMD3<Double>(squares) / (255 * 255 * pixels)
    hash = DifferenceHash(fields: Self.fields(rows, width: width, height: height))
  }

  /// The mean brightness, from 0 to 1 (ITU-R BT.601).
  var brightness: Double { mean.x * 0.299 + mean.y * 0.587 + mean.z * 0.114 }

  // 32 bits would overflow for a row of half a million pixels.
  private static func sums(
    of row: UnsafeBufferPointer<UInt8>
  ) -> (levels: SIMD3<UInt64>, squares: SIMD3<UInt64>) {
    var (levels, squares) = (SIMD3<UInt64>(), SIMD3<UInt64>())
    for start in stride(from: 0, to: row.count, by: 3 << 14) {
      var (own, ownSquares) = (SIMD3<UInt32>(), SIMD3<UInt32>())
      for at in stride(from: start, to: min(row.count, start + 3 << 14), by: 3) {
        let color = SIMD3<UInt32>(UInt32(row[at]), UInt32(row[at + 1]), UInt32(row[at + 2]))
        own &+= color
        ownSquares &+= color &* color
      }
      levels &+= SIMD3<UInt64>(truncatingIfNeeded: own)
      squares &+= SIMD3<UInt64>(truncatingIfNeeded: ownSquares)
    }
    return (levels, squares)
  }

  /// The mean levels of 9 x 8 fields, each of at least one pixel.
  private static func fields(_ rows: DecodedRows, width: Int, height: Int) -> [Double] {
    var fields: [Double] = []
    for row in 0..<DifferenceHash.rows {
      let down = part(row, of: DifferenceHash.rows, height)
      for column in 0..<DifferenceHash.columns {
        let across = part(column, of: DifferenceHash.columns, width)
        var sum = 0
        for y in down {
          let pixels = rows.start + y * rows.stride
          for x in across {
            sum += 299 * Int(pixels[3 * x]) + 587 * Int(pixels[3 * x + 1]) + 114 * Int(pixels[3 * x + 2])
          }
        }
        fields.append(Double(sum) / Double(1000 * down.count * across.count))
      }
    }
    return fields
  }

  private static func part(_ number: Int, of count: Int, _ length: Int) -> Range<Int> {
    let start = number * length / count
    return start..<max(start + 1, (number + 1) * length / count)
  }
}
