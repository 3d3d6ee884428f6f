import ArgumentParser

/// The value of `--nproc`.
enum WorkerCount: Equatable, Sendable {
  case automatic
  case exactly(Int)

  /// More than this on one host is taken for a typing error.
  static let limit = 1024

  init(parsing text: String) throws {
    if text == "auto" {
      self = .automatic
    } else if let count = Int(text), (1...Self.limit).contains(count) {
      self = .exactly(count)
    } else {
      throw ValidationError("It has to be auto or a number from 1 to \(Self.limit).")
    }
  }

  /// The number of workers to start where this many cards can be used.
  func resolved(cards: Int) -> Int {
    switch self {
    case .automatic: max(1, cards)
    case .exactly(let count): count
    }
  }
}
