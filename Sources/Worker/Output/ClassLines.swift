import Datasets
import Foundation
import System
import Training

/// What an evaluation says of its classes, in lines that stay short however many there are and whatever their names.
struct ClassLines {
  private let tally: ClassTally
  private let names: [ClassName]

  /// Names in a list, and characters of a name.
  private static let (mostNames, longestName) = (10, 24)

  /// Of a tally over these classes.
  init(_ tally: ClassTally, _ names: [ClassName]) { (self.tally, self.names) = (tally, names) }

  /// `Balanced accuracy 41.2 %; worst: rose (0.0 % of 12), …`, and a line on classes that were never predicted.
  ///
  /// - Parameter prefix: Goes before both, as `EMA `.
  func text(prefix: String = "") -> [String] {
    guard let balanced = tally.balancedAccuracy else { return [] }
    let first = "balanced accuracy \(fixed(balanced, 1)) %" + worst
    return [begun(first, prefix)] + unpredictedLine(prefix: prefix)
  }

  /// `Never predicted: 7 of 10 classes: …`, where there are any.
  func unpredictedLine(prefix: String = "") -> [String] { unpredicted.map { [begun($0, prefix)] } ?? [] }

  private func begun(_ line: String, _ prefix: String) -> String {
    prefix.isEmpty ? line.prefix(1).uppercased() + line.dropFirst() : prefix + line
  }

  private var worst: String {
    let worst = names.count > 1 ? tally.worst(3) : []
    guard !worst.isEmpty else { return "" }
    let parts = worst.map { index in
      "\(name(index)) (\(fixed(100 * (tally.recall(of: index) ?? 0), 1)) % of \(tally.images[index]))"
    }
    return "; worst: " + parts.joined(separator: ", ")
  }

  private var unpredicted: String? {
    let dead = tally.unpredicted
    guard !dead.isEmpty else { return nil }
    let with = tally.images.count { $0 > 0 }
    let shown = dead.prefix(Self.mostNames).map(name).joined(separator: ", ")
    let rest = dead.count > Self.mostNames ? ", … (\(dead.count - Self.mostNames) more)" : ""
    return "never predicted: \(dead.count) of \(counted(with, "class", "classes")): \(shown)\(rest)"
  }

  private func name(_ index: Int) -> String { names[index].shortened(to: Self.longestName) }
}

extension ClassName {
  /// The name as it may stand on a terminal, cut where it is longer.
  func shortened(to most: Int) -> String {
    let text = description
    return text.count > most ? text.prefix(most - 1) + "…" : text
  }
}
