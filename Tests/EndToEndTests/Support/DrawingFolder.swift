import CImage
import Foundation
import TestSupport

/// A data set of drawn figures on disk, ten kinds, 343 images to learn from.
///
/// Place, size, colours and noise differ from image to image; the colour of a kind overlaps with those of others.
struct DrawingFolder {
  let path: String

  private static let side = 64
  private static let kinds: [(name: String, covers: @Sendable (_ x: Double, _ y: Double) -> Bool)] = [
    ("checker", { isInside($0, $1) && (stripe($0) + stripe($1)).isMultiple(of: 2) }),
    ("cross", { isInside($0, $1) && min(abs($0), abs($1)) <= 1 / 3.0 }),
    ("diamond", { abs($0) + abs($1) <= 1 }),
    ("disc", { hypot($0, $1) <= 1 }),
    ("dots", { isInside($0, $1) && hypot(fromDot($0), fromDot($1)) <= 0.13 }),
    ("frame", { isInside($0, $1) && max(abs($0), abs($1)) > 0.6 }),
    ("ring", { (0.6...1).contains(hypot($0, $1)) }),
    ("rows", { isInside($0, $1) && stripe($1).isMultiple(of: 2) }),
    ("stripes", { isInside($0, $1) && stripe($0).isMultiple(of: 2) }),
    ("triangle", { abs($1) <= 1 && abs($0) <= ($1 + 1) / 2 }),
  ]

  /// Writes the images of both splits to a new folder; the same bytes on every call.
  init(writingTo path: String) throws {
    self.path = path
    for (split, count) in [("train", 343), ("val", 200)] {
      for (name, _) in Self.kinds {
        try FileManager.default.createDirectory(
          atPath: "\(path)/\(split)/\(name)", withIntermediateDirectories: true)
      }
      for number in 0..<count {
        let kind = number % Self.kinds.count
        let samples = Self.samples(of: kind, "\(split)/\(number)")
        let file = "\(path)/\(split)/\(Self.kinds[kind].name)/\(number).png"
        guard ci_png_write(file, samples, Int32(Self.side), Int32(Self.side), 3) == 0 else {
          throw TestError(String(cString: ci_last_error()))
        }
      }
    }
  }

  private static func samples(of kind: Int, _ key: String) -> [UInt8] {
    let draws = Rule.uniform("\(key)/figure", 8).map(Double.init)
    let half = 20 + 6 * draws[0]
    let centre = (1...2).map { 32 + draws[$0] * (32 - half) }
    let hue = (Double(kind) * 36 + 50 * draws[3]) / 360
    let strength = 0.7 + 0.3 * draws[4]
    let figure = (0...2).map { 127 + 127 * strength * cos(2 * .pi * (hue - Double($0) / 3)) }
    let ground = (5...7).map { 127 + 127 * draws[$0] }
    let noise = Rule.uniform("\(key)/noise", side * side * 3)
    return noise.indices.map { index in
      let (pixel, channel) = index.quotientAndRemainder(dividingBy: 3)
      let x = (Double(pixel % side) + 0.5 - centre[0]) / half
      let y = (Double(pixel / side) + 0.5 - centre[1]) / half
      let colour = kinds[kind].covers(x, y) ? figure[channel] : ground[channel]
      return UInt8(min(255, max(0, colour + 48 * Double(noise[index]))))
    }
  }
}

private func isInside(_ x: Double, _ y: Double) -> Bool { max(abs(x), abs(y)) <= 1 }

/// The number of the stripe that a place is in; five from edge to edge.
private func stripe(_ place: Double) -> Int { Int(((place + 1) / 0.4).rounded(.down)) }

/// How far a place is from the middle of its stripe.
private func fromDot(_ place: Double) -> Double { (place + 1) - (Double(stripe(place)) + 0.5) * 0.4 }
