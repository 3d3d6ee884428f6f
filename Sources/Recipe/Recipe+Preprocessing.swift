extension Recipe {
  /// The deterministic preprocessing of images for a network.
  ///
  /// Weights work best with the preprocessing that they were trained with, so weight files store it.
  public struct Preprocessing: Equatable, Sendable {
    /// Side of the square images that the network sees, in pixels.
    public var inputSize: Int
    /// The fraction of the scaled image's side that the crop keeps.
    public var cropPercent: Double
    /// How a non-square image becomes square.
    public var cropMode = CropMode.center
    /// The means subtracted from red, green and blue, which are from 0 to 1.
    public var means = imageNetMeans
    /// The standard deviations by which the channels are then divided.
    public var deviations = imageNetDeviations

    /// Makes the reference's values, optionally with another size and crop.
    public init(inputSize: Int = 224, cropPercent: Double = 0.875) {
      (self.inputSize, self.cropPercent) = (inputSize, cropPercent)
    }

    /// The flags that set this normalisation.
    public var normalizationFlags: String {
      let words = [means, deviations].map { $0.map(\.description).joined(separator: " ") }
      return "--mean \(words[0]) --std \(words[1])"
    }
  }

  /// How a non-square image becomes square, by timm's names.
  public enum CropMode: String, Codable, Sendable, CaseIterable {
    /// The aspect ratio is kept, and the longer side is cropped.
    case center
    /// Both sides are scaled to the same length, which shows the whole image distorted.
    case squash
  }

  /// The channel means of ImageNet.
  public static let imageNetMeans = [0.485, 0.456, 0.406]
  /// The channel standard deviations of ImageNet.
  public static let imageNetDeviations = [0.229, 0.224, 0.225]
}

extension Recipe.Images {
  /// The preprocessing in an evaluation.
  public var preprocessing: Recipe.Preprocessing {
    get {
      var values = Recipe.Preprocessing()
      (values.inputSize, values.cropPercent, values.cropMode) = (inputSize, cropPercent, cropMode)
      (values.means, values.deviations) = (means, deviations)
      return values
    }
    set {
      (inputSize, cropPercent, cropMode) = (newValue.inputSize, newValue.cropPercent, newValue.cropMode)
      (means, deviations) = (newValue.means, newValue.deviations)
    }
  }

  /// The dotted names of the values that make it up.
  public static let preprocessingNames = ["inputSize", "cropPercent", "cropMode", "means", "deviations"].map {
    "data.\($0)"
  }
}
