import FoundationEssentials

/// `log.txt` as a run left it: a line for each finished epoch, and what was best among them.
struct EpochLog: Equatable, Sendable {
  /// In the order of epochs, each once.
  private(set) var lines: [Line] = []

  /// A line: of ours, of the reference's, or of one of timm's kin with the same keys; what it lacks is nil.
  struct Line: Decodable, Equatable, Sendable {
    /// Counted from 0.
    let epoch: Int
    var trainLoss: Double?
    var testLoss: Double?
    /// In percent, as all that follow.
    var accuracy1: Double?
    var accuracy5: Double?
    var averageAccuracy1: Double?
    var learningRate: Double?
    var parameters: Int?

    enum CodingKeys: String, CodingKey {
      case epoch
      case trainLoss = "train_loss"
      case testLoss = "test_loss"
      case accuracy1 = "test_acc1"
      case accuracy5 = "test_acc5"
      case averageAccuracy1 = "test_acc1_ema"
      case learningRate = "train_lr"
      case parameters = "n_parameters"
    }
  }

  /// Reads the bytes of the file; half a line, which a crash leaves, is none.
  ///
  /// Where epochs begin again, an earlier run wrote before; where they go back, one went on from there.
  init(_ bytes: some Collection<UInt8>) {
    let decoder = JSONDecoder()
    for text in bytes.split(separator: newline) {
      guard let line = try? decoder.decode(Line.self, from: Data(text)), line.epoch >= 0 else { continue }
      while let last = lines.last, last.epoch >= line.epoch { lines.removeLast() }
      lines.append(line)
    }
  }

  var last: Line? { lines.last }

  /// The highest value of a figure, and the first epoch that had it; nil where nothing was evaluated.
  func best(_ figure: (Line) -> Double?) -> Best? {
    lines.compactMap { line in figure(line).map { Best(accuracy: $0, epoch: line.epoch) } }
      .max { $0.accuracy < $1.accuracy || $0.accuracy == $1.accuracy && $0.epoch > $1.epoch }
  }

  /// The best of a run.
  struct Best: Equatable, Sendable {
    /// In percent.
    let accuracy: Double
    /// Counted from 0.
    let epoch: Int
  }
}
