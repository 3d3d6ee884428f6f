import Datasets
import Foundation
import System
import Training

/// Lines on an evaluation's classes that stay short, whatever their number and names.
struct ClassLines {
  private let tally: ClassTally
  private let names: [ClassName]

  /// The most names in a list, and the most characters of a name.
  private static let (mostNames, longestName) = (10, 24)

  /// Makes lines from a tally of these classes.
  init(_ tally: ClassTally, _ names: [ClassName]) { (self.tally, self.names) = (tally, names) }

  /// A line such as `Balanced accuracy 41.2 %; worst: rose (0.0 % of 12), …`, and one on classes never
  /// predicted.
  ///
  /// - Parameter prefix: Precedes both, such as `EMA `.
  func text(prefix: String = "") -> [String] {
    guard let balanced = tally.balancedAccuracy else { return [] }
    let first = "balanced accuracy \(fixed(balanced, 1)) %" + worst
    return [begun(first, prefix)] + unpredictedLine(prefix: prefix)
  }

  /// Such as `Never predicted: 7 of 10 classes: …`, if there are any.
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
  /// The name, safe to print on a terminal, cut to a length.
  func shortened(to most: Int) -> String {
    let text = description
    return text.count > most ? text.prefix(most - 1) + "…" : text
  }
}
