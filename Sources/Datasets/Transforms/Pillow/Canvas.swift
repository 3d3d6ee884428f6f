/// A packed RGB image that operations change in place; borrows the pixels.
struct Canvas {
  let pixels: UnsafeMutableBufferPointer<UInt8>
  let width: Int
  let height: Int
  let spare: Spare

  /// Memory for copies of an image, reused by one thread.
  final class Spare {
    let bytes = ByteBuffer()
    let tones = ByteBuffer()
    let counts = ReusedBuffer<Int32>()
  }

  /// Makes the canvas of `width` x `height` pixels.
  init(_ pixels: UnsafeMutableBufferPointer<UInt8>, width: Int, height: Int, spare: Spare) {
    precondition(
      pixels.count == width * height * 3, "\(pixels.count) bytes are not \(width)x\(height) pixels")
    self.pixels = pixels
    self.width = width
    self.height = height
    self.spare = spare
  }

  /// Applies one operation.
  func apply(_ operation: ImageOperation) {
    switch operation {
    case .autoContrast: stretchTones()
    case .equalize: equalizeTones()
    case .invert: replaceTones { 255 - $0 }
    case .posterize(let bits): replaceTones { bits >= 8 ? $0 : $0 & ~(1 << (8 - bits) - 1) }
    case .solarize(let threshold): replaceTones { $0 < threshold ? $0 : 255 - $0 }
    case .solarizeAdd(let amount): replaceTones { $0 < 128 ? $0 + amount : $0 }
    case .color(let factor): color(Float(factor))
    case .contrast(let factor): contrast(Float(factor))
    case .brightness(let factor): replaceTones { Int(blend(0, $0, Float(factor))) }
    case .sharpness(let factor): sharpen(Float(factor))
    case .rotate(let degrees, let filter):
      move(by: .rotation(degrees: degrees, width: width, height: height), filter)
    case .shearX(let factor, let filter): move(by: AffineMap(b: factor), filter)
    case .shearY(let factor, let filter): move(by: AffineMap(d: factor), filter)
    case .translateX(let share, let filter): move(by: AffineMap(c: share * Double(width)), filter)
    case .translateY(let share, let filter): move(by: AffineMap(f: share * Double(height)), filter)
    }
  }
}

/// One change of an image's colours or geometry with its parameters; the result has Pillow's bytes.
///
/// The arithmetic is that of Pillow before 13 (`ImageOps`, `ImageEnhance`, `Image.transform`), to the bit.
public enum ImageOperation: Equatable, Sendable {
  /// Stretches each channel to the range 0…255.
  case autoContrast
  /// Equalises the histogram of each channel.
  case equalize
  /// Subtracts each value from 255.
  case invert
  /// Keeps the highest bits of each value. With 0 bits the image becomes black, which Pillow 13 refuses.
  case posterize(bits: Int)
  /// Inverts the values from the threshold on.
  case solarize(threshold: Int)
  /// Adds to the values below 128, clamped to 255.
  case solarizeAdd(Int)
  /// Blends with the greyscale image: 0 has no colour, 1 changes nothing, more is more colourful.
  case color(Double)
  /// Blends with the mean grey.
  case contrast(Double)
  /// Blends with black.
  case brightness(Double)
  /// Blends with a smoothed image; pixels at the border stay.
  case sharpness(Double)
  /// Rotates about the centre, counter-clockwise if positive.
  case rotate(degrees: Double, Interpolation)
  /// Shifts each row left by its distance from the top times the factor.
  case shearX(Double, Interpolation)
  /// Shifts each column up by its distance from the left times the factor.
  case shearY(Double, Interpolation)
  /// Shifts left by a fraction of the width.
  case translateX(Double, Interpolation)
  /// Shifts up by a fraction of the height.
  case translateY(Double, Interpolation)
}
