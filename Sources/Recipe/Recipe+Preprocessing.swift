extension Recipe {
  /// What becomes of an image before a network sees it, where nothing is changed at random.
  ///
  /// Weights do well with what they learnt from, so files of weights say it of themselves.
  public struct Preprocessing: Equatable, Sendable {
    /// Side of the square images that the network sees, in pixels.
    public var inputSize: Int
    /// Part of the scaled image's side that the crop keeps.
    public var cropPercent: Double
    /// How an image that is no square becomes one.
    public var cropMode = CropMode.center
    /// What is taken off red, green and blue, which are from 0 to 1.
    public var means = imageNetMeans
    /// What the rest of each is divided by.
    public var deviations = imageNetDeviations

    /// The reference's values, with another size and crop where they are given.
    public init(inputSize: Int = 224, cropPercent: Double = 0.875) {
      (self.inputSize, self.cropPercent) = (inputSize, cropPercent)
    }

    /// The flags that normalise images so.
    public var normalizationFlags: String {
      let words = [means, deviations].map { $0.map(\.description).joined(separator: " ") }
      return "--mean \(words[0]) --std \(words[1])"
    }
  }

  /// How an image that is no square becomes one, by timm's names.
  public enum CropMode: String, Codable, Sendable, CaseIterable {
    /// Its proportions are kept, and what the shorter side leaves over of the longer one is cut off.
    case center
    /// Both sides are scaled alike far, so that all of it is seen, out of proportion.
    case squash
  }

  /// Of ImageNet's images.
  public static let imageNetMeans = [0.485, 0.456, 0.406]
  /// Likewise.
  public static let imageNetDeviations = [0.229, 0.224, 0.225]
}

extension Recipe.Images {
  /// What becomes of an image in an evaluation.
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

  /// The dotted names of what that is made of.
  public static let preprocessingNames = ["inputSize", "cropPercent", "cropMode", "means", "deviations"].map {
    "data.\($0)"
  }
}
