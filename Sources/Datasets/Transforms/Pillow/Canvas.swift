/// An image of packed RGB that operations change in place; borrows the pixels.
struct Canvas {
  let pixels: UnsafeMutableBufferPointer<UInt8>
  let width: Int
  let height: Int
  let spare: Spare

  /// Memory for copies of an image, used again and again by one thread.
  final class Spare {
    let bytes = ByteBuffer()
    let tones = ByteBuffer()
    let counts = ReusedBuffer<Int32>()
  }

  /// The image of `width` x `height` pixels whose rows are `pixels`.
  init(_ pixels: UnsafeMutableBufferPointer<UInt8>, width: Int, height: Int, spare: Spare) {
    precondition(
      pixels.count == width * height * 3, "\(pixels.count) bytes are not \(width)x\(height) pixels")
    self.pixels = pixels
    self.width = width
    self.height = height
    self.spare = spare
  }

  /// Carries out one operation.
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

/// One change of an image's colours or shape with all its numbers; applied, it gives Pillow's bytes.
///
/// The arithmetic is that of Pillow before 13 (`ImageOps`, `ImageEnhance`, `Image.transform`), to the bit.
public enum ImageOperation: Equatable, Sendable {
  /// Stretches each channel to the range 0…255.
  case autoContrast
  /// Spreads the values of each channel evenly.
  case equalize
  /// Takes each value from 255.
  case invert
  /// Keeps the highest bits of each value. With 0 bits the image turns black, which Pillow 13 refuses to do.
  case posterize(bits: Int)
  /// Inverts the values from the threshold on.
  case solarize(threshold: Int)
  /// Adds to the values below 128, up to 255.
  case solarizeAdd(Int)
  /// Mixes with the image in greys: 0 has no colour left, 1 changes nothing, more is more colourful.
  case color(Double)
  /// Mixes with the mean grey.
  case contrast(Double)
  /// Mixes with black.
  case brightness(Double)
  /// Mixes with a smoothed image; pixels of the rim stay.
  case sharpness(Double)
  /// Turns about the centre, counter-clockwise where positive.
  case rotate(degrees: Double, Interpolation)
  /// Moves each row to the left by its distance from the top times the factor.
  case shearX(Double, Interpolation)
  /// Moves each column up by its distance from the left times the factor.
  case shearY(Double, Interpolation)
  /// Moves to the left by a part of the width.
  case translateX(Double, Interpolation)
  /// Moves up by a part of the height.
  case translateY(Double, Interpolation)
}
