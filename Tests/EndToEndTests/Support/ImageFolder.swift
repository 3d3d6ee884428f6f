import CImage
import Foundation
import TestSupport

/// A data set of striped images on disk: three colours, two directions, and noise of a quarter of the full range.
struct ImageFolder {
  let path: String

  static let classes = [
    "blue-columns", "blue-rows", "green-columns", "green-rows", "red-columns", "red-rows",
  ]
  static let trainingCount = 60
  /// No multiple of 2, 3, 5 or 8, so that ranks evaluate unequal shares.
  static let validationCount = 19

  private static let side = 40
  private static let colours = ["red": 0, "green": 1, "blue": 2]

  /// Writes the images of both splits to a new folder; the same bytes on every call.
  init(writingTo path: String) throws {
    self.path = path
    try write("train", count: Self.trainingCount)
    try write("val", count: Self.validationCount)
  }

  /// The path of an image of a split, by its number there.
  func image(_ split: String, _ number: Int) -> String {
    "\(path)/\(split)/\(Self.className(of: number))/\(number).png"
  }

  /// The class of the image of that number; neighbours are of different classes.
  static func className(of number: Int) -> String { classes[number % classes.count] }

  /// Makes evaluation take longer: so many more names for each image of val/.
  func addValidationViews(of count: Int) throws {
    for number in 0..<Self.validationCount {
      let path = image("val", number)
      for view in 0..<count {
        try FileManager.default.linkItem(atPath: path, toPath: path.dropLast(4) + "-\(view).png")
      }
    }
  }

  private func write(_ split: String, count: Int) throws {
    for name in Self.classes {
      try FileManager.default.createDirectory(
        atPath: "\(path)/\(split)/\(name)", withIntermediateDirectories: true)
    }
    for number in 0..<count {
      let samples = Self.samples(of: Self.className(of: number), noise: "\(split)/\(number)")
      let side = Int32(Self.side)
      guard ci_png_write(image(split, number), samples, side, side, 3) == 0 else {
        throw TestError(String(cString: ci_last_error()))
      }
    }
  }

  private static func samples(of name: String, noise key: String) -> [UInt8] {
    let words = name.split(separator: "-").map(String.init)
    let noise = Rule.bits(key, side * side * 3)
    return noise.indices.map { index in
      let (pixel, channel) = index.quotientAndRemainder(dividingBy: 3)
      let place = words[1] == "rows" ? pixel / side : pixel % side
      let isLit = place / 5 % 2 == 0 && channel == colours[words[0]]
      return (isLit ? 160 : 32) + UInt8(noise[index] >> 58)
    }
  }
}
