/// A contact sheet of a batch's views, each scaled down to at most 128 pixels.
public struct ImageSheet {
  /// The width in pixels.
  public let width: Int
  /// The height in pixels.
  public let height: Int
  /// RGB, row by row.
  private(set) var pixels: [UInt8]

  private static let mostPixels = 128
  private static let gap = 2

  /// Makes a sheet with `columns` views per row.
  public init(_ batch: PixelBatch, columns: Int) {
    let step = (batch.size + Self.mostPixels - 1) / Self.mostPixels
    let side = batch.size / step
    let rows = (batch.count + columns - 1) / columns
    let pitch = side + Self.gap
    width = max(1, min(columns, batch.count) * pitch - Self.gap)
    height = max(1, rows * pitch - Self.gap)
    pixels = [UInt8](repeating: 255, count: width * height * 3)
    for number in 0..<batch.count {
      let view = UnsafeRawBufferPointer(
        rebasing: batch.pixels[(number * batch.size * batch.size * 3)...])
      let corner = (number / columns * pitch * width + number % columns * pitch) * 3
      for y in 0..<side {
        for x in 0..<side {
          for channel in 0..<3 {
            pixels[corner + (y * width + x) * 3 + channel] = Self.mean(
              of: view, row: batch.size, at: (x * step, y * step), channel, step)
          }
        }
      }
    }
  }

  /// The mean of a square of pixels.
  private static func mean(
    of view: UnsafeRawBufferPointer, row: Int, at corner: (x: Int, y: Int), _ channel: Int, _ step: Int
  ) -> UInt8 {
    var sum = 0
    for y in corner.y..<(corner.y + step) {
      for x in corner.x..<(corner.x + step) { sum += Int(view[(y * row + x) * 3 + channel]) }
    }
    return UInt8((sum + step * step / 2) / (step * step))
  }

  /// The sheet as a PNG file's bytes; nil when out of memory.
  public var png: [UInt8]? { encodedPNG(pixels, width: width, height: height) }
}
