extension Recipe {
  /// The folder, the batch and the transforms.
  public struct Images: Codable, Equatable, Sendable {
    /// The folder that holds `train/` and `val/`.
    public var path = ""
    /// Side of the square images that the network sees, in pixels.
    public var inputSize = 224
    /// Images a rank takes in one step.
    public var batchSize = 64
    /// Whether an epoch goes through the images in a random order.
    public var shuffles = true
    /// Whether training images are changed at random: cropped, flipped, augmented, erased.
    public var augments = true
    /// Smallest and largest part of an image's area that a random crop keeps.
    public var cropScale = [0.08, 1]
    /// Narrowest and widest shape of a random crop, width over height.
    public var cropRatio = [3.0 / 4, 4.0 / 3]
    /// Chance of a horizontal flip.
    public var flip = 0.5
    /// timm's name of an augmentation policy; empty for none.
    public var autoAugment = "rand-m9-mstd0.5-inc1"
    /// Strength of random brightness, contrast and saturation, where there is no policy.
    public var colorJitter = 0.4
    /// How a random crop is scaled to the input size.
    public var interpolation = Interpolation.bicubic
    /// Whether an epoch shows three changed copies of a third of the images, each to another rank.
    public var repeatedAugmentation = false
    /// Random erasing of normalised training images.
    public var erasing = Erasing()
    /// Part of the shorter side that the evaluation crop keeps.
    public var cropPercent = 0.875
    /// Chance of a vertical flip.
    public var verticalFlip = 0.0
    /// How often an epoch shows the images of each class.
    public var sampling = Sampling.uniform
    /// How an image that is no square becomes one in an evaluation.
    public var cropMode = CropMode.center
    /// What is taken off red, green and blue, which are from 0 to 1.
    public var means = imageNetMeans
    /// What the rest of each is divided by.
    public var deviations = imageNetDeviations
    /// The part of each class's images that is held out to evaluate on, where the folder has no val/; 0 where it has one.
    public var heldOut = 0.0
    /// The digest of those images' names when the run started, in hexadecimal digits; empty where none were held out.
    public var imagesHeldOut = ""
    /// Whether large JPEGs are decoded at a part of their size for training.
    public var decodesFast = false
    /// Whether each host goes through the shards of a pack that it has, of which it may have a part.
    public var shardsByHost = false

    /// What was held out, as weights say it: `0.2 of 1f3c9a0b`; nil where nothing was.
    public var partHeldOut: String? { imagesHeldOut.isEmpty ? nil : "\(heldOut) of \(imagesHeldOut)" }

    /// The reference's values.
    public init() {}

    /// Reads values; those that came later are the defaults where they are not there.
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
    /// As many images of each class, some of them more than once.
    case balanced
  }

  /// A filter for scaling images.
  public enum Interpolation: String, Codable, Sendable, CaseIterable {
    /// Pillow's, over four pixels and more.
    case bicubic
    /// Pillow's, over two pixels and more.
    case bilinear
    /// Pillow's windowed sinc, over six pixels and more.
    case lanczos
    /// Pillow's mean of the pixels that each new one covers.
    case box
    /// Bilinear or bicubic for each image.
    case random
  }

  /// Rectangles of an image that are replaced (Zhong et al., as in timm 0.3.2).
  public struct Erasing: Codable, Equatable, Sendable {
    /// Chance that an image is touched.
    public var probability = 0.25
    /// What takes the place of the pixels.
    public var mode = Mode.pixel
    /// Largest number of rectangles in an image.
    public var count = 1

    /// What takes the place of erased pixels.
    public enum Mode: String, Codable, Sendable, CaseIterable {
      /// Normal noise, of its own for each pixel and channel.
      case pixel
      /// One normally drawn colour a rectangle.
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
    /// Alpha of Mixup's Beta distribution; 0 for no Mixup.
    public var mixup = 0.8
    /// Alpha of CutMix's Beta distribution; 0 for no CutMix.
    public var cutmix = 1.0
    /// Smallest and largest side of CutMix's box as a part of the image's; it then takes the place of `cutmix`.
    @ExplicitNull public var cutmixMinMax: [Double]? = nil
    /// Chance that a batch, or in the other modes an image, is mixed.
    public var probability = 1.0
    /// Chance of CutMix where both are on.
    public var switchProbability = 0.5
    /// What shares one draw.
    public var mode = Mode.batch
    /// The epoch from which on nothing is mixed; nil mixes in all.
    @ExplicitNull public var offEpoch: Int? = nil

    /// What shares one draw of the kind and the strength of mixing.
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

    /// Reads values; one that came later is the default where it is not there.
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
