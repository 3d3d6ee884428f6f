import CImage
import Randomness

/// An interpolation filter for scaling or moving images, as Pillow's filter of that name.
public enum Interpolation: String, Equatable, Sendable, CaseIterable {
  /// A weighted mean of the nearest pixels.
  case bilinear
  /// Cubic convolution, sharper than bilinear: Keys' a is -0.5 for scaling and -1 for moving.
  case bicubic
  /// A windowed sinc over at least six pixels, the sharpest.
  case lanczos
  /// The mean of the pixels that an output pixel covers.
  case box

  /// The filter for scaling.
  var filter: ci_filter {
    switch self {
    case .bilinear: CI_BILINEAR
    case .bicubic: CI_BICUBIC
    case .lanczos: CI_LANCZOS
    case .box: CI_BOX
    }
  }

  /// The filter for moving: Pillow supports two, and refuses the others.
  var movingFilter: ci_filter {
    switch self {
    case .bilinear, .box: CI_BILINEAR
    case .bicubic, .lanczos: CI_BICUBIC
    }
  }
}

/// The filters for scaling and moving training images: the reference's `--train-interpolation`.
public enum TrainInterpolation: Equatable, Sendable {
  /// Always the same filter.
  case always(Interpolation)
  /// Bilinear or bicubic with equal probability, drawn for each crop and each operation.
  case random

  /// Draws the filter for one use.
  func drawn(from generator: inout KeyedGenerator) -> Interpolation {
    switch self {
    case .always(let interpolation): interpolation
    case .random: generator.uniform() < 0.5 ? .bilinear : .bicubic
    }
  }
}
