import CImage
import Randomness

/// A filter that makes an image's pixels where it is scaled or moved; Pillow's of the same name.
public enum Interpolation: String, Equatable, Sendable, CaseIterable {
  /// A weighted mean of the nearest pixels.
  case bilinear
  /// Cubic pieces, sharper than bilinear: Keys' with a = -0.5 where an image is scaled, with a = -1 where it is moved.
  case bicubic

  var filter: ci_filter {
    switch self {
    case .bilinear: CI_BILINEAR
    case .bicubic: CI_BICUBIC
    }
  }
}

/// The filters that training images are scaled and moved with: the reference's `--train-interpolation`.
public enum TrainInterpolation: String, Codable, Equatable, Sendable, CaseIterable {
  /// Always bilinear.
  case bilinear
  /// Always bicubic.
  case bicubic
  /// One or the other with even chances, for each crop and each operation anew.
  case random

  /// The filter for one use.
  func drawn(from generator: inout KeyedGenerator) -> Interpolation {
    switch self {
    case .bilinear: .bilinear
    case .bicubic: .bicubic
    case .random: generator.uniform() < 0.5 ? .bilinear : .bicubic
    }
  }
}
