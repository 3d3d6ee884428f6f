import Datasets
import Foundation
import Model

/// An image overlaid with attention maps in colour.
struct AttentionOverlay {
  /// The height and width of the drawing.
  let side: Int
  /// The image's pixels per drawn pixel.
  private let step: Int
  private let pixels: [UInt8]

  private static let (mostPixels, quality) = (256, 85)

  /// Makes an overlay on `side`² RGB pixels; large images are drawn smaller.
  init(_ image: UnsafeRawBufferPointer, side: Int) {
    let step = (side + Self.mostPixels - 1) / Self.mostPixels
    let drawn = side / step
    self.step = step
    self.side = drawn
    pixels = (0..<drawn * drawn * 3).map { sample in
      let (x, y, channel) = (sample / 3 % drawn, sample / 3 / drawn, sample % 3)
      var sum = 0
      for row in (y * step)..<((y + 1) * step) {
        for column in (x * step)..<((x + 1) * step) { sum += Int(image[(row * side + column) * 3 + channel]) }
      }
      return UInt8(sum / (step * step))
    }
  }

  /// The image itself as a JPEG file; nil when out of memory.
  var plain: [UInt8]? { encoded(pixels) }

  /// The greyscale image under a map's colours as a JPEG file; nil when out of memory.
  func drawn(_ map: AttentionMap) -> [UInt8]? { encoded(colored(map)) }

  private func encoded(_ pixels: [UInt8]) -> [UInt8]? {
    pixels.withUnsafeBufferPointer { encodedJPEG($0, width: side, height: side, quality: Self.quality) }
  }

  /// RGB, row by row.
  func colored(_ map: AttentionMap) -> [UInt8] {
    let places = (0..<side).map { (Float($0) + 0.5) * Float(step) / Float(map.pixels) }
    let scale = AttentionColor.scale(of: map)
    var colored = pixels
    for y in 0..<side {
      for x in 0..<side {
        let share = map.share(down: places[y], across: places[x])
        let corner = (y * side + x) * 3
        let grey = Self.grey(pixels[corner], pixels[corner + 1], pixels[corner + 2])
        let color = AttentionColor(share / scale).over(grey)
        for channel in 0..<3 { colored[corner + channel] = UInt8(color[channel]) }
      }
    }
    return colored
  }

  private static func grey(_ red: UInt8, _ green: UInt8, _ blue: UInt8) -> Float {
    0.299 * Float(red) + 0.587 * Float(green) + 0.114 * Float(blue)
  }
}

/// The colour of a value from 0 to 1.
struct AttentionColor {
  private let part: Float

  init(_ part: Float) { self.part = min(1, max(0, part)) }

  /// The share with the brightest colour: a map's largest, but at least 2, so that nothing stands out in a
  /// uniform map.
  static func scale(of map: AttentionMap) -> Float { max(2, map.shares.max() ?? 0) }

  /// Dark violet, red, orange, light yellow.
  private static let ramp: [SIMD3<Float>] = [[30, 8, 60], [150, 30, 90], [235, 95, 40], [255, 240, 140]]

  private var color: SIMD3<Float> {
    let place = part * Float(Self.ramp.count - 1)
    let below = min(Int(place), Self.ramp.count - 2)
    return Self.ramp[below] + (Self.ramp[below + 1] - Self.ramp[below]) * (place - Float(below))
  }

  /// The colour blended with a pixel of that brightness.
  func over(_ grey: Float) -> SIMD3<Float> { color * 0.6 + SIMD3(repeating: grey * 0.4) }

  /// All colours from least to most, as a CSS gradient.
  static let gradient: String = {
    let colors = ramp.map { "rgb(\(Int($0.x)),\(Int($0.y)),\(Int($0.z)))" }
    return "linear-gradient(90deg,\(colors.joined(separator: ",")))"
  }()
}

extension AttentionMap {
  /// The share at a point, in places from the upper left corner, interpolated between the places' centres;
  /// none outside the map.
  func share(down: Float, across: Float) -> Float {
    guard down < Float(height), across < Float(width) else { return 0 }
    let (rows, columns) = (Self.neighbours(down, height), Self.neighbours(across, width))
    func row(_ y: Int) -> Float {
      shares[y * width + columns.first] * (1 - columns.part)
        + shares[y * width + columns.second] * columns.part
    }
    return row(rows.first) * (1 - rows.part) + row(rows.second) * rows.part
  }

  private static func neighbours(_ point: Float, _ count: Int) -> (first: Int, second: Int, part: Float) {
    let middle = min(max(point - 0.5, 0), Float(count - 1))
    let first = Int(middle)
    return (first, min(first + 1, count - 1), middle - Float(first))
  }
}
