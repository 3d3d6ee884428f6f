/// One change of a picture's colours or shape with all its numbers; applied, it gives Pillow's bytes.
///
/// The arithmetic is that of Pillow before 13 (`ImageOps`, `ImageEnhance`, `Image.transform`), to the bit.
public enum PictureOperation: Equatable, Sendable {
  /// Stretches each channel to the range 0…255.
  case autoContrast
  /// Spreads the values of each channel evenly.
  case equalize
  /// Takes each value from 255.
  case invert
  /// Keeps the highest bits of each value. With 0 bits the picture turns black, which Pillow 13 refuses to do.
  case posterize(bits: Int)
  /// Inverts the values from the threshold on.
  case solarize(threshold: Int)
  /// Adds to the values below 128, up to 255.
  case solarizeAdd(Int)
  /// Mixes with the picture in greys: 0 has no colour left, 1 changes nothing, more is more colourful.
  case color(Double)
  /// Mixes with the mean grey.
  case contrast(Double)
  /// Mixes with black.
  case brightness(Double)
  /// Mixes with a smoothed picture; pixels of the rim stay.
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
