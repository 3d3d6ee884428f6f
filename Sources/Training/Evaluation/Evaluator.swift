public import Collective
public import Datasets
public import Model
public import Recipe
public import Torch

/// Accuracy on held-out images, each counted once, whatever the number of ranks.
///
/// A rank evaluates its own share, uneven or empty, without padding; then integer counts are summed. The reference pads
/// the last batch with duplicates and averages percentages, so its figure moves with the number of ranks.
public final class Evaluator {
  private let recipe: Recipe
  private let group: any ProcessGroup
  private let normalized: Normalizer
  private let device: Device

  /// What was counted over some images.
  public struct Tally: Equatable, Sendable {
    /// Images evaluated.
    public var images = 0
    /// Those whose class had the highest score.
    public var correct1 = 0
    /// Those whose class was among the five highest.
    public var correct5 = 0
    /// Sum of their losses.
    public var loss = 0.0
    /// The same by classes.
    public var classes = ClassTally()

    /// Nothing counted yet.
    public init() {}

    /// Percentage of images whose class had the highest score.
    public var accuracy1: Double { percent(correct1) }
    /// Percentage of images whose class was among the five highest.
    public var accuracy5: Double { percent(correct5) }
    /// Mean recall of the classes that have images, in percent; nil where none has.
    public var balancedAccuracy: Double? { classes.balancedAccuracy }
    /// Mean loss of an image.
    public var meanLoss: Double { images == 0 ? 0 : loss / Double(images) }

    private func percent(_ count: Int) -> Double {
      images == 0 ? 0 : 100 * Double(count) / Double(images)
    }
  }

  /// An evaluator for the recipe's input size and precision.
  public init(recipe: Recipe, group: any ProcessGroup, on device: Device) {
    self.recipe = recipe
    self.group = group
    self.device = device
    normalized = Normalizer(on: device)
  }

  /// Counts one batch of this rank's share.
  public func tally(_ batch: PixelBatch, by network: any Network) -> Tally {
    withoutGradients {
      let images = normalized(batch.pixels, count: batch.count, side: batch.size)
      let labels = Tensor(batch.labels.map(Int64.init), [batch.count]).moved(to: device)
      let logits = network(images, .evaluation(computeType: recipe.computeType, kernels: recipe.kernels))
      var tally = Tally()
      tally.images = batch.count
      tally.loss = crossEntropy(logits, labels, reduction: .sum).item()
      tally.count(topClasses(of: logits), batch.labels)
      return tally
    }
  }

  /// The sum of every rank's tally over so many classes, the same on all of them.
  public func sum(_ own: Tally, classes: Int) throws(TrainingError) -> Tally {
    let counts = try collectively(
      try group.sum(
        [own.images, own.correct1, own.correct5].map(Int64.init) + own.classes.counts(classes: classes)))
    let losses = try collectively(try group.sum([own.loss]))
    var all = Tally()
    all.images = Int(counts[0])
    all.correct1 = Int(counts[1])
    all.correct5 = Int(counts[2])
    all.classes = ClassTally(counts: counts[3...])
    all.loss = losses[0]
    return all
  }

  private func topClasses(of logits: Tensor) -> [[Int]] {
    let depth = min(5, logits.shape[1])
    let flat = logits.topIndices(depth).elements(as: Int64.self)
    return stride(from: 0, to: flat.count, by: depth).map { flat[$0..<($0 + depth)].map(Int.init) }
  }
}

extension Evaluator.Tally {
  /// Counts images by their classes of highest score, best first, and their labels.
  mutating func count(_ ranked: [[Int]], _ labels: [Int]) {
    for (ranked, label) in zip(ranked, labels) {
      correct1 += ranked.first == label ? 1 : 0
      correct5 += ranked.contains(label) ? 1 : 0
      if let best = ranked.first { classes.count(label, predicted: best) }
    }
  }

  /// Adds another part's counts.
  public static func += (tally: inout Self, other: Self) {
    tally.images += other.images
    tally.correct1 += other.correct1
    tally.correct5 += other.correct5
    tally.loss += other.loss
    tally.classes += other.classes
  }
}
