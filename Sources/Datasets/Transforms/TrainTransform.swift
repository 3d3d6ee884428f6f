import Glibc
public import Randomness

/// The training transform: a crop of random area and shape, scaled to a square, mirrored with probability one
/// half, then augmented.
///
/// Source: `RandomResizedCropAndInterpolation`, `RandomHorizontalFlip`, `RandAugment` and `ColorJitter` as
/// combined by timm 0.3.2's `create_transform` for the reference; the crop comes first, so nothing outside it
/// affects the view.
public struct TrainTransform: Transform {
  /// The height and width of the views.
  public var size: Int
  /// The share of the image's area that a crop takes.
  public var scale: ClosedRange<Double>
  /// The width of a crop divided by its height.
  public var ratio: ClosedRange<Double>
  /// The probability that a view is mirrored.
  public var flipProbability: Double
  /// The probability that a view is flipped top to bottom.
  public var verticalFlipProbability: Double
  /// The filter that scales the crop, and moves pixels in augmentation.
  public var interpolation: TrainInterpolation
  /// Random operations on the view.
  public var augmentation: RandAugment?
  /// Whether a JPEG may be decoded at half, a quarter or an eighth of its size if the crop is that much
  /// larger than the view: less work, but not Pillow's pixels.
  public var decodesFast = false
  /// Random colour changes, made only without `augmentation`, as in the reference.
  public var colorJitter: ColorJitter?

  /// Makes the transform; by default the reference's.
  public init(
    size: Int, scale: ClosedRange<Double> = 0.08...1, ratio: ClosedRange<Double> = (3.0 / 4.0)...(4.0 / 3.0),
    flipProbability: Double = 0.5, verticalFlipProbability: Double = 0,
    interpolation: TrainInterpolation = .always(.bicubic),
    augmentation: RandAugment? = nil, colorJitter: ColorJitter? = nil
  ) {
    precondition(size > 0, "a view has at least one pixel")
    precondition(scale.lowerBound > 0 && ratio.lowerBound > 0, "areas and shapes are positive")
    self.size = size
    self.scale = scale
    self.ratio = ratio
    self.flipProbability = flipProbability
    self.verticalFlipProbability = verticalFlipProbability
    self.interpolation = interpolation
    self.augmentation = augmentation
    self.colorJitter = colorJitter
  }

  /// Plans a random crop scaled to the square, and its flips and augmentation.
  public func plan(
    width: Int, height: Int, generator: inout KeyedGenerator, into plan: inout ImagePlan
  ) {
    var changes = generator.split(for: .augment)
    plan.crop = crop(width: width, height: height, generator: &generator)
    (plan.scaledWidth, plan.scaledHeight) = (size, size)
    plan.window = PixelRegion(width: size, height: size)
    plan.isMirrored = generator.uniform() < flipProbability
    plan.interpolation = interpolation.drawn(from: &generator)
    // Drawn last, so that all other draws are the same as without such flips.
    plan.isFlipped = verticalFlipProbability > 0 && generator.uniform() < verticalFlipProbability
    plan.mayReduce = decodesFast
    plan.operations.removeAll(keepingCapacity: true)
    if let augmentation {
      augmentation.draw(into: &plan.operations, interpolation: interpolation, generator: &changes)
    } else {
      colorJitter?.draw(into: &plan.operations, generator: &changes)
    }
  }

  private func crop(width: Int, height: Int, generator: inout KeyedGenerator) -> PixelRegion {
    let logRatio = log(ratio.lowerBound)...log(ratio.upperBound)
    for _ in 0..<10 {
      let area = generator.uniform(in: scale) * Double(width * height)
      let shape = exp(generator.uniform(in: logRatio))
      let w = Int(sqrt(area * shape).rounded(.toNearestOrEven))
      let h = Int(sqrt(area / shape).rounded(.toNearestOrEven))
      // The crop may be empty for a tiny image, where the reference would fail.
      guard (1...width).contains(w), (1...height).contains(h) else { continue }
      let y = generator.integer(below: height - h + 1)
      let x = generator.integer(below: width - w + 1)
      return PixelRegion(x: x, y: y, width: w, height: h)
    }
    return centralCrop(width: width, height: height)
  }

  // The largest central crop of an allowed shape.
  private func centralCrop(width: Int, height: Int) -> PixelRegion {
    var crop = PixelRegion(width: width, height: height)
    let shape = Double(width) / Double(height)
    if shape < ratio.lowerBound {
      crop.height = Int((Double(width) / ratio.lowerBound).rounded(.toNearestOrEven))
    } else if shape > ratio.upperBound {
      crop.width = Int((Double(height) * ratio.upperBound).rounded(.toNearestOrEven))
    }
    crop.x = (width - crop.width) / 2
    crop.y = (height - crop.height) / 2
    return crop
  }
}

/// Random brightness, contrast and saturation, in random order (torchvision's `ColorJitter` without hue).
public struct ColorJitter: Equatable, Sendable {
  /// How far each factor may be from 1, at least 0; factors stay positive.
  public var strength: Double

  /// Makes the jitter; the reference's `--color-jitter` sets the strength.
  public init(_ strength: Double) {
    precondition(strength >= 0, "a strength of \(strength) has no meaning")
    self.strength = strength
  }

  /// Adds the operations for one image; none where the strength is 0.
  public func draw(into operations: inout [ImageOperation], generator: inout KeyedGenerator) {
    guard strength > 0 else { return }
    let factors = max(0, 1 - strength)...(1 + strength)
    let start = operations.count
    operations.append(.brightness(generator.uniform(in: factors)))
    operations.append(.contrast(generator.uniform(in: factors)))
    operations.append(.color(generator.uniform(in: factors)))
    generator.shuffle(&operations, from: start)
  }
}
