import Datasets
import Foundation
import Recipe
import System
import SystemPackage

/// What images of each class count in the loss: `--class-weights`.
struct ClassWeights {
  /// One for each class; nil where all count alike.
  let weights: [Double]?

  /// Balances classes by their images, or reads a file of lines `CLASS WEIGHT`; classes that it does not name weigh 1.
  init(_ recipe: Recipe, _ images: ImageFolder) throws {
    switch recipe.loss.classWeights {
    case "": weights = nil
    case Recipe.Loss.balanced: weights = Self.balanced(images.classCounts)
    case let path:
      let text: String
      do {
        text = try String(contentsOf: URL(filePath: path), encoding: .utf8)
      } catch {
        throw Failure(
          "--class-weights \(masked(path)): the file cannot be read. It has a line CLASS WEIGHT for each class; "
            + "--class-weights balanced needs none.", exitStatus: .missingInput)
      }
      weights = try Self.read(text, classes: images.classes.map(\.text), path)
    }
  }

  /// Each class in all counts as much as any other, and an image counts 1 on average (scikit-learn's `balanced`).
  static func balanced(_ counts: [Int]) -> [Double] {
    let all = Double(counts.reduce(0, +))
    return counts.map { all / (Double(counts.count) * Double(max(1, $0))) }
  }

  /// The weights that a file's lines say.
  static func read(_ text: String, classes: [String], _ path: String) throws -> [Double] {
    var weights = classes.map { _ in 1.0 }
    for (number, line) in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
      .enumerated()
    {
      let line = line.trimmingCharacters(in: .whitespaces)
      if line.isEmpty || line.hasPrefix("#") { continue }
      let cut = line.lastIndex { ", \t".contains($0) }
      let name = cut.map { line[..<$0].trimmingCharacters(in: CharacterSet(charactersIn: ", \t")) } ?? line
      let weight = cut.flatMap { Double(line[line.index(after: $0)...]) }
      guard let weight, weight >= 0, weight <= 1e6 else {
        throw Failure(
          "\(masked(path)):\(number + 1): '\(line)' is no class and its weight, from 0 to 1000000",
          exitStatus: .badConfiguration)
      }
      guard let index = classes.firstIndex(of: name) else {
        throw Failure(
          "\(masked(path)):\(number + 1): there is no class '\(name)' in train/",
          exitStatus: .badConfiguration)
      }
      weights[index] = weight
    }
    return weights
  }
}
