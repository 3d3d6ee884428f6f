/// How far a network's confidence is from its accuracy (Guo et al. 2017, "On Calibration of Modern Neural
/// Networks").
public struct Calibration: Equatable, Sendable {
  /// The images whose confidence lies in one range.
  public struct Bin: Equatable, Sendable {
    /// The number of images.
    public fileprivate(set) var images = 0
    /// The number of images whose class was predicted.
    public fileprivate(set) var correct = 0
    /// Sum of the confidences.
    fileprivate var sum = 0.0

    /// The share of images whose class was predicted; nil without images.
    public var accuracy: Double? { images == 0 ? nil : Double(correct) / Double(images) }
    /// Mean confidence; nil without images.
    public var confidence: Double? { images == 0 ? nil : sum / Double(images) }
  }

  /// Bins of equal width from 0 to 1, each open below and closed above.
  public private(set) var bins = [Bin](repeating: Bin(), count: binCount)

  /// The number of bins that is usual in the literature.
  public static let binCount = 15

  /// Bins the images of `verdicts` by confidence.
  public init(_ verdicts: [Verdict]) {
    for verdict in verdicts { count(verdict) }
  }

  private mutating func count(_ verdict: Verdict) {
    let confidence = Double(verdict.confidence)
    let number = Int((confidence * Double(Self.binCount)).rounded(.up)) - 1
    let bin = min(max(0, number), Self.binCount - 1)
    bins[bin].images += 1
    bins[bin].correct += verdict.isCorrect ? 1 : 0
    bins[bin].sum += confidence
  }

  private var images: Int { bins.reduce(0) { $0 + $1.images } }

  /// Expected calibration error: the bins' mean distance between accuracy and confidence, weighted by images;
  /// nil without images.
  public var error: Double? {
    images == 0
      ? nil : bins.reduce(0) { $0 + abs(Double($1.correct) - $1.sum) } / Double(images)
  }

  /// Mean confidence of all images; nil without images.
  public var confidence: Double? { images == 0 ? nil : bins.reduce(0) { $0 + $1.sum } / Double(images) }
}
