import Glibc
import Randomness

/// Draws random boxes to erase from training images, and what fills them; the caller erases them.
///
/// Source: Zhong et al., "Random Erasing Data Augmentation", arXiv 1708.04896, as timm 0.3.2's
/// `RandomErasing` on normalised images.
public struct RandomErasing: Equatable, Sendable {
  /// What an erased box is filled with.
  public enum Mode: String, Codable, Sendable, CaseIterable {
    /// Zero, the mean colour.
    case const
    /// One normally distributed number per channel.
    case rand
    /// One normally distributed number per pixel and channel.
    case pixel
  }

  /// One box, with the seed of its content.
  public struct Box: Equatable, Sendable {
    /// The box's pixels.
    public var region: PixelRegion
    /// The key of its normal numbers.
    public var noiseSeed: UInt64
  }

  /// The probability that an image loses any box.
  public var probability: Double
  /// What boxes are filled with.
  public var mode: Mode
  /// The largest number of boxes per image; they share the area.
  public var count: Int
  /// The fraction of an image's area that its boxes together aim for.
  public var area: ClosedRange<Double>
  /// The height of a box divided by its width.
  public var aspect: ClosedRange<Double>

  /// Makes the augmentation; by default the reference's.
  public init(
    probability: Double = 0.25, mode: Mode = .pixel, count: Int = 1,
    area: ClosedRange<Double> = 0.02...(1.0 / 3.0), aspect: ClosedRange<Double> = 0.3...(1 / 0.3)
  ) {
    precondition((0...1).contains(probability), "\(probability) is not a probability")
    precondition(count > 0, "an erased image loses at least one box")
    precondition(area.lowerBound > 0 && aspect.lowerBound > 0, "areas and shapes are positive")
    self.probability = probability
    self.mode = mode
    self.count = count
    self.area = area
    self.aspect = aspect
  }

  /// The boxes of one view of `width` x `height` pixels, a function of (seed, epoch, view).
  public func boxes(width: Int, height: Int, seed: UInt64, epoch: Int, view: Int) -> [Box] {
    var generator = KeyedGenerator(seed: seed, stream: .erasing, epoch: epoch, index: view)
    guard generator.uniform() < probability else { return [] }
    let number = 1 + generator.integer(below: count)
    return (0..<number).compactMap { _ in
      region(width, height, share: 1 / Double(number), &generator).map {
        Box(region: $0, noiseSeed: generator.next())
      }
    }
  }

  // Nil if none of ten tries gave a box smaller than the image in both directions.
  private func region(
    _ width: Int, _ height: Int, share: Double, _ generator: inout KeyedGenerator
  ) -> PixelRegion? {
    let logAspect = log(aspect.lowerBound)...log(aspect.upperBound)
    for _ in 0..<10 {
      let area = generator.uniform(in: area) * Double(width * height) * share
      let shape = exp(generator.uniform(in: logAspect))
      let h = Int(sqrt(area * shape).rounded(.toNearestOrEven))
      let w = Int(sqrt(area / shape).rounded(.toNearestOrEven))
      guard w < width, h < height else { continue }
      let y = generator.integer(below: height - h + 1)
      let x = generator.integer(below: width - w + 1)
      return PixelRegion(x: x, y: y, width: w, height: h)
    }
    return nil
  }
}
