import Datasets
import System

/// A network's answer for an image.
struct Prediction: Encodable {
  let image: String
  let top: [Guess]

  /// One class and its score.
  struct Guess: Encodable {
    let `class`: ClassName
    let score: Double
  }
}

/// Output formats of predictions, one line each.
enum PredictionFormat {
  case text(logits: Bool)
  case json
  case csv

  /// The first line of the output; nil if there is none.
  func head(top: Int) -> String? {
    guard case .csv = self else { return nil }
    return line(["image"] + (1...top).flatMap { ["class_\($0)", "score_\($0)"] })
  }

  /// An image's line.
  func line(_ prediction: Prediction) throws -> String {
    switch self {
    case .json: try jsonLine(prediction)
    case .csv:
      line(
        [masked(prediction.image)] + prediction.top.flatMap { [$0.class.description, fixed($0.score, 6)] })
    case .text(let logits):
      "\(masked(prediction.image)): "
        + prediction.top.map { Self.words($0, logits: logits) }.joined(separator: ", ")
    }
  }

  /// A class and its score in words.
  static func words(_ guess: Prediction.Guess, logits: Bool) -> String {
    "\(guess.class) " + (logits ? fixed(guess.score, 4) : fixed(100 * guess.score, 1) + "%")
  }

  private func line(_ values: [String]) -> String { String(commaSeparated(values).dropLast()) }
}
