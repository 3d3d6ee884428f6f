import TestSupport

@testable import Datasets

/// The images of scripts/goldens/augment.py, made by the same rules.
struct RuleImage: Equatable {
  let width: Int
  let height: Int
  var pixels: [UInt8]

  private init(_ width: Int, _ height: Int, _ value: (_ x: Int, _ y: Int, _ channel: Int) -> Int) {
    self.width = width
    self.height = height
    pixels = (0..<(width * height * 3)).map { UInt8(value($0 / 3 % width, $0 / 3 / width, $0 % 3)) }
  }

  /// Every value anything.
  static let noise: RuleImage = {
    let bits = Rule.bits("noise", 64 * 64 * 3)
    return RuleImage(64, 64) { x, y, channel in Int(bits[(y * 64 + x) * 3 + channel] >> 56) }
  }()

  /// A slope of little contrast with a little noise.
  static let ramp: RuleImage = {
    let bits = Rule.bits("ramp", 61 * 47 * 3)
    return RuleImage(61, 47) { x, y, channel in
      20 + (2 * x * (channel + 1) + 3 * y * (3 - channel)) / 4 + Int(bits[(y * 61 + x) * 3 + channel] >> 61)
    }
  }()

  /// A channel of one value, one of two, and one of steps.
  static let steps = RuleImage(33, 80) { x, y, channel in
    [77, x < 20 ? 10 : 200, (x / 5 * 40 + y / 9 * 13) % 256][channel]
  }

  static let named = ["noise": noise, "ramp": ramp, "steps": steps]

  /// What an operation makes of the image.
  func changed(by operations: ImageOperation..., spare: Canvas.Spare = Canvas.Spare()) -> RuleImage {
    var image = self
    image.pixels.withUnsafeMutableBufferPointer { pixels in
      let canvas = Canvas(pixels, width: width, height: height, spare: spare)
      for operation in operations { canvas.apply(operation) }
    }
    return image
  }
}
