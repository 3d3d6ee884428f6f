public import Collective
public import Datasets
public import Model
public import Recipe
public import Torch

/// Measures accuracy on held-out images, each counted once, whatever the number of ranks.
///
/// A rank evaluates its own share, which may be uneven or empty, without padding; then integer counts are
/// summed. The reference pads the last batch with duplicates and averages percentages, so its figures vary
/// with the number of ranks.
public final class Evaluator {
  private let recipe: Recipe
  private let group: any ProcessGroup
  private let normalized: Normalizer
  private let device: Device

  /// Counts over some images.
  public struct Tally: Equatable, Sendable {
    /// Images evaluated.
    public var images = 0
    /// Images whose class had the highest score.
    public var correct1 = 0
    /// Images whose class was among the five highest scores.
    public var correct5 = 0
    /// Sum of their losses.
    public var loss = 0.0
    /// The images counted by class.
    public var classes = ClassTally()
    /// The wrong answers counted by class and predicted class.
    public var confusions = ConfusionTally()
    /// The most confident wrong answers.
    public var mistakes = WorstMistakes()

    /// Makes a tally of zeros.
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

  /// Makes an evaluator for the recipe's input size and precision.
  public init(recipe: Recipe, group: any ProcessGroup, on device: Device) {
    self.recipe = recipe
    self.group = group
    self.device = device
    normalized = Normalizer(recipe.data.preprocessing, on: device)
  }

  /// Evaluates one batch of this rank's share and waits for the result.
  public func tally(_ batch: PixelBatch, by network: any Network) -> Tally {
    launch(batch, by: network).tally()
  }

  /// Evaluates one batch of this rank's share; on a card the work may still be running when this returns.
  public func launch(_ batch: PixelBatch, by network: any Network) -> LaunchedTally {
    withoutGradients {
      let (logits, loss, best) = answers(to: batch, by: network)
      let confidences = logits.softmax().highest()
      guard device != .cpu else {
        let answers = LaunchedTally.Answers(
          loss: loss.item(), classes: best.elements(as: Int64.self).map(Int.init),
          confidences: confidences.elements(as: Float.self))
        return LaunchedTally(batch, .known(answers))
      }
      // One tensor of doubles, which hold every class number exactly, needs only one download.
      let numbers = Tensor.empty([1 + batch.count + best.count], .float64, on: device)
      numbers.selected(0, 0).copy(from: loss)
      numbers.narrowed(0, to: 1..<1 + batch.count).copy(from: confidences)
      numbers.narrowed(0, to: 1 + batch.count..<numbers.count).copy(from: best.reshaped([best.count]))
      return LaunchedTally(batch, .coming(Readback(numbers)))
    }
  }

  /// Evaluates one batch of this rank's share, and returns a verdict on each of its images too.
  public func verdicts(_ batch: PixelBatch, by network: any Network) -> (LaunchedTally, [Verdict]) {
    withoutGradients {
      let (logits, loss, best) = answers(to: batch, by: network)
      let (classes, depth) = (logits.shape[1], best.shape[1])
      let ranked = best.elements(as: Int64.self).map(Int.init)
      let scores = logits.elements(as: Float.self)
      let verdicts = batch.indices.indices.map { position in
        Verdict(
          image: batch.indices[position], label: batch.labels[position],
          logits: scores[(position * classes)..<((position + 1) * classes)],
          ranked: Array(ranked[(position * depth)..<((position + 1) * depth)]))
      }
      let answers = LaunchedTally.Answers(
        loss: loss.item(), classes: ranked, confidences: verdicts.map(\.confidence))
      return (LaunchedTally(batch, .known(answers)), verdicts)
    }
  }

  /// Runs the network; the logits of a batch, the sum of its losses and each image's best classes stay on the
  /// device.
  private func answers(
    to batch: PixelBatch, by network: any Network
  ) -> (logits: Tensor, loss: Tensor, best: Tensor) {
    let inputs = moved([
      Tensor(bytes: batch.pixels, [batch.count, batch.size, batch.size, 3], .uint8),
      Tensor(batch.labels.map(Int64.init), [batch.count]),
    ])
    let logits = logits(normalized(inputs[0]), network)
    return (
      logits, crossEntropy(logits, inputs[1], reduction: .sum),
      logits.topIndices(min(5, logits.shape[1]))
    )
  }

  /// The logits of normalised images `[B, S, S, 3]`; with test-time mirroring, the mean over image and mirror
  /// image.
  private func logits(_ images: Tensor, _ network: any Network) -> Tensor {
    let pass = Pass.evaluation(computeType: recipe.computeType, kernels: recipe.kernels)
    let own = network(images.permuted([0, 3, 1, 2]), pass)
    guard recipe.judging.mirrors else { return own }
    return (own + network(images.flipped(2).permuted([0, 3, 1, 2]), pass)).scaled(by: 0.5)
  }

  /// Gathers every rank's verdicts; all ranks get the same.
  public func gather(_ own: [Verdict]) throws(TrainingError) -> [Verdict] {
    try collectively(try group.allGather(Verdict.bytes(own))).flatMap(Verdict.read)
  }

  /// Moves host tensors to the network's device, on a card by one asynchronous upload.
  private func moved(_ tensors: [Tensor]) -> [Tensor] {
    device == .cpu ? tensors : uploaded(tensors, to: device)
  }

  /// Sums every rank's tally over `classes` classes; all ranks get the same.
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
    for bytes in try collectively(try group.allGather(own.wrongAnswers)) { all.add(wrongAnswers: bytes) }
    return all
  }
}

/// An evaluated batch whose result may still be on its way from a card.
public struct LaunchedTally {
  /// A network's answers for a batch.
  struct Answers {
    /// The sum of the losses.
    let loss: Double
    /// The best classes of each image, image after image.
    let classes: [Int]
    /// The softmax probability of each image's best class.
    let confidences: [Float]
  }

  enum Outcome {
    case known(Answers)
    /// All answers in one tensor, on their way from a card.
    case coming(Readback)
  }

  private let images: [Int]
  private let labels: [Int]
  private let outcome: Outcome

  init(_ batch: PixelBatch, _ outcome: Outcome) {
    (images, labels, self.outcome) = (batch.indices, batch.labels, outcome)
  }

  /// Whether the result is already on the host.
  public var isKnown: Bool { if case .known = outcome { true } else { false } }

  /// Waits for the result and returns it.
  public func tally() -> Evaluator.Tally {
    switch outcome {
    case .known(let answers): return tally(answers)
    case .coming(let readback):
      let numbers = readback.numbers()
      return tally(
        Answers(
          loss: numbers[0], classes: numbers.dropFirst(1 + labels.count).map { Int($0) },
          confidences: numbers.dropFirst().prefix(labels.count).map { Float($0) }))
    }
  }

  private func tally(_ answers: Answers) -> Evaluator.Tally {
    let depth = answers.classes.count / max(1, labels.count)
    var tally = Evaluator.Tally()
    tally.images = labels.count
    tally.loss = answers.loss
    let ranked = labels.indices.map { Array(answers.classes[$0 * depth..<($0 + 1) * depth]) }
    tally.count(ranked, labels)
    for position in labels.indices where ranked[position].first != labels[position] {
      guard let predicted = ranked[position].first else { continue }
      tally.mistakes.add(
        WorstMistakes.Mistake(
          image: images[position], label: labels[position], predicted: predicted,
          confidence: answers.confidences[position]))
    }
    return tally
  }
}

extension Evaluator.Tally {
  /// Counts images by label and by their best classes, best first.
  mutating func count(_ ranked: [[Int]], _ labels: [Int]) {
    for (ranked, label) in zip(ranked, labels) {
      correct1 += ranked.first == label ? 1 : 0
      correct5 += ranked.contains(label) ? 1 : 0
      guard let best = ranked.first else { continue }
      classes.count(label, predicted: best)
      if best != label { confusions.count(label, predicted: best) }
    }
  }

  /// Adds the counts of another part of the images.
  public static func += (tally: inout Self, other: Self) {
    tally.images += other.images
    tally.correct1 += other.correct1
    tally.correct5 += other.correct5
    tally.loss += other.loss
    tally.classes += other.classes
    tally.confusions += other.confusions
    tally.mistakes += other.mistakes
  }
}

extension Evaluator.Tally {
  /// Encodes the mistakes, behind their length, and the confusions for other ranks of the run.
  fileprivate var wrongAnswers: [UInt8] {
    let looked = mistakes.bytes
    return withUnsafeBytes(of: UInt64(looked.count), Array.init) + looked + confusions.bytes
  }

  /// Adds another part's `wrongAnswers`.
  fileprivate mutating func add(wrongAnswers bytes: [UInt8]) {
    guard let head = bytes.withUnsafeBytes({ $0.count < 8 ? nil : $0.loadUnaligned(as: UInt64.self) }) else {
      return
    }
    let end = min(bytes.count, 8 + Int(head))
    mistakes += WorstMistakes(bytes: Array(bytes[8..<end]))
    confusions += ConfusionTally(bytes: bytes[end...])
  }
}
