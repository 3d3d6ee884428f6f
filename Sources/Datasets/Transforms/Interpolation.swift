import CImage
import Randomness

/// A filter that makes an image's pixels where it is scaled or moved; Pillow's of the same name.
public enum Interpolation: String, Equatable, Sendable, CaseIterable {
  /// A weighted mean of the nearest pixels.
  case bilinear
  /// Cubic pieces, sharper than bilinear: Keys' with a = -0.5 where an image is scaled, with a = -1 where it is moved.
  case bicubic
  /// A windowed sinc over six pixels and more, the sharpest.
  case lanczos
  /// The mean of the pixels that an output covers.
  case box

  /// What scales.
  var filter: ci_filter {
    switch self {
    case .bilinear: CI_BILINEAR
    case .bicubic: CI_BICUBIC
    case .lanczos: CI_LANCZOS
    case .box: CI_BOX
    }
  }

  /// What moves: Pillow knows two filters for that, and refuses the others.
  var movingFilter: ci_filter {
    switch self {
    case .bilinear, .box: CI_BILINEAR
    case .bicubic, .lanczos: CI_BICUBIC
    }
  }
}

/// The filters that training images are scaled and moved with: the reference's `--train-interpolation`.
public enum TrainInterpolation: Equatable, Sendable {
  /// Always the same.
  case always(Interpolation)
  /// Bilinear or bicubic with even chances, for each crop and each operation anew.
  case random

  /// The filter for one use.
  func drawn(from generator: inout KeyedGenerator) -> Interpolation {
    switch self {
    case .always(let interpolation): interpolation
    case .random: generator.uniform() < 0.5 ? .bilinear : .bicubic
    }
  }
}
