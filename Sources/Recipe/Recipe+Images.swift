extension Recipe {
  /// The data set, the batch and the transforms.
  public struct Images: Codable, Equatable, Sendable {
    /// The folder that holds `train/` and `val/`.
    public var path = ""
    /// Side of the square images that the network sees, in pixels.
    public var inputSize = 224
    /// The images per rank and step.
    public var batchSize = 64
    /// Whether an epoch goes through the images in random order.
    public var shuffles = true
    /// Whether training images are randomly cropped, flipped, augmented and erased.
    public var augments = true
    /// The smallest and largest fraction of an image's area that a random crop keeps.
    public var cropScale = [0.08, 1]
    /// The smallest and largest aspect ratio of a random crop, width over height.
    public var cropRatio = [3.0 / 4, 4.0 / 3]
    /// The probability of a horizontal flip.
    public var flip = 0.5
    /// timm's name of an augmentation policy; empty for none.
    public var autoAugment = "rand-m9-mstd0.5-inc1"
    /// The strength of random brightness, contrast and saturation, used without a policy.
    public var colorJitter = 0.4
    /// The filter that scales a random crop to the input size.
    public var interpolation = Interpolation.bicubic
    /// Whether an epoch shows three augmented copies of a third of the images, each to another rank.
    public var repeatedAugmentation = false
    /// Random erasing of normalised training images.
    public var erasing = Erasing()
    /// The fraction of the shorter side that the evaluation crop keeps.
    public var cropPercent = 0.875
    /// The probability of a vertical flip.
    public var verticalFlip = 0.0
    /// How often an epoch shows the images of each class.
    public var sampling = Sampling.uniform
    /// How a non-square image becomes square in an evaluation.
    public var cropMode = CropMode.center
    /// The means subtracted from red, green and blue, which are from 0 to 1.
    public var means = imageNetMeans
    /// The standard deviations by which the channels are then divided.
    public var deviations = imageNetDeviations
    /// The fraction of each class's images held out for validation, if the folder has no val/; otherwise 0.
    public var heldOut = 0.0
    /// The digest of those images' names when the run started, in hexadecimal; empty if none were held out.
    public var imagesHeldOut = ""
    /// Whether large JPEGs are decoded at a fraction of their size for training.
    public var decodesFast = false
    /// Whether each host trains on the shards of a pack that it has, which may be some of them only.
    public var shardsByHost = false

    /// The held-out part as weights name it, `0.2 of 1f3c9a0b`; nil if nothing was held out.
    public var partHeldOut: String? { imagesHeldOut.isEmpty ? nil : "\(heldOut) of \(imagesHeldOut)" }

    /// The reference's values.
    public init() {}

    /// Decodes values; those added in later versions have defaults.
    public init(from decoder: any Decoder) throws {
      let values = try decoder.container(keyedBy: CodingKeys.self)
      path = try values.decode(String.self, forKey: .path)
      inputSize = try values.decode(Int.self, forKey: .inputSize)
      batchSize = try values.decode(Int.self, forKey: .batchSize)
      shuffles = try values.decode(Bool.self, forKey: .shuffles)
      augments = try values.decode(Bool.self, forKey: .augments)
      cropScale = try values.decode([Double].self, forKey: .cropScale)
      cropRatio = try values.decode([Double].self, forKey: .cropRatio)
      flip = try values.decode(Double.self, forKey: .flip)
      autoAugment = try values.decode(String.self, forKey: .autoAugment)
      colorJitter = try values.decode(Double.self, forKey: .colorJitter)
      interpolation = try values.decode(Interpolation.self, forKey: .interpolation)
      repeatedAugmentation = try values.decode(Bool.self, forKey: .repeatedAugmentation)
      erasing = try values.decode(Erasing.self, forKey: .erasing)
      cropPercent = try values.decode(Double.self, forKey: .cropPercent)
      try values.readLater(&verticalFlip, .verticalFlip)
      try values.readLater(&sampling, .sampling)
      try values.readLater(&cropMode, .cropMode)
      try values.readLater(&means, .means)
      try values.readLater(&deviations, .deviations)
      try values.readLater(&heldOut, .heldOut)
      try values.readLater(&imagesHeldOut, .imagesHeldOut)
      try values.readLater(&decodesFast, .decodesFast)
      try values.readLater(&shardsByHost, .shardsByHost)
    }
  }

  /// How often an epoch shows the images of each class.
  public enum Sampling: String, Codable, Sendable, CaseIterable {
    /// Each image once.
    case uniform
    /// Equally many images of each class, some of them repeatedly.
    case balanced
  }

  /// A filter that scales images.
  public enum Interpolation: String, Codable, Sendable, CaseIterable {
    /// Pillow's bicubic, over at least four pixels.
    case bicubic
    /// Pillow's bilinear, over at least two pixels.
    case bilinear
    /// Pillow's windowed sinc, over at least six pixels.
    case lanczos
    /// Pillow's mean of the pixels that each output pixel covers.
    case box
    /// Bilinear or bicubic, drawn for each image.
    case random
  }

  /// Random erasing of rectangles (Zhong et al., as in timm 0.3.2).
  public struct Erasing: Codable, Equatable, Sendable {
    /// The probability that an image is affected.
    public var probability = 0.25
    /// What replaces the pixels.
    public var mode = Mode.pixel
    /// The largest number of rectangles in an image.
    public var count = 1

    /// What replaces erased pixels.
    public enum Mode: String, Codable, Sendable, CaseIterable {
      /// Normal noise for each pixel and channel.
      case pixel
      /// One normally distributed colour per rectangle.
      case rand
      /// The mean colour: zero after normalisation.
      case const
    }

    /// The reference's values.
    public init() {}
  }
}

extension Recipe {
  /// Mixup (Zhang et al.) and CutMix (Yun et al.), as in timm 0.3.2.
  public struct Mixing: Codable, Equatable, Sendable {
    /// Alpha of Mixup's Beta distribution; 0 disables Mixup.
    public var mixup = 0.8
    /// Alpha of CutMix's Beta distribution; 0 disables CutMix.
    public var cutmix = 1.0
    /// The smallest and largest side of CutMix's box relative to the image's; replaces `cutmix`.
    @ExplicitNull public var cutmixMinMax: [Double]? = nil
    /// The probability that a batch, or in the other modes an image, is mixed.
    public var probability = 1.0
    /// The probability of CutMix if both are on.
    public var switchProbability = 0.5
    /// What shares one draw.
    public var mode = Mode.batch
    /// The epoch from which on nothing is mixed; nil mixes in all.
    @ExplicitNull public var offEpoch: Int? = nil

    /// What shares one draw of the kind and strength of mixing.
    public enum Mode: String, Codable, Sendable, CaseIterable {
      /// The whole batch.
      case batch
      /// An image and its partner.
      case pair
      /// Each image alone.
      case elem
    }

    /// Whether images are mixed at all.
    public var isOn: Bool { probability > 0 && (mixup > 0 || mixesRectangles) }
    /// Whether CutMix is on.
    public var mixesRectangles: Bool { cutmix > 0 || cutmixMinMax != nil }

    /// The reference's values.
    public init() {}

    /// Decodes values; those added in later versions have defaults.
    public init(from decoder: any Decoder) throws {
      let values = try decoder.container(keyedBy: CodingKeys.self)
      mixup = try values.decode(Double.self, forKey: .mixup)
      cutmix = try values.decode(Double.self, forKey: .cutmix)
      cutmixMinMax = try values.decode(ExplicitNull<[Double]>.self, forKey: .cutmixMinMax).wrappedValue
      probability = try values.decode(Double.self, forKey: .probability)
      switchProbability = try values.decode(Double.self, forKey: .switchProbability)
      mode = try values.decode(Mode.self, forKey: .mode)
      offEpoch = try values.decodeIfPresent(ExplicitNull<Int>.self, forKey: .offEpoch)?.wrappedValue
    }
  }
}
