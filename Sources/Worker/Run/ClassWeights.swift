import Datasets
import Drawing
import Foundation
import Recipe
import System
import SystemPackage

/// The class weights of the loss: `--class-weights`.
struct ClassWeights: Equatable {
  /// One weight per class; nil weighs all alike.
  let weights: [Double]?
  /// The content of a weights file, for the recipe: each class with a weight other than 1; empty without a
  /// file.
  let said: String

  /// Balances classes by their images, or reads a file with lines `CLASS WEIGHT`.
  init(_ recipe: Recipe, _ images: ImageFolder) throws {
    switch recipe.loss.classWeights {
    case "": (weights, said) = (nil, "")
    case Recipe.Loss.balanced: (weights, said) = (Self.balanced(images.classCounts), "")
    case let path:
      let text: String
      do {
        text = try String(contentsOf: URL(filePath: path), encoding: .utf8)
      } catch {
        throw Failure(
          "--class-weights \(masked(path)): the file cannot be read as text. It has a line CLASS WEIGHT for each class; "
            + "--class-weights balanced needs none.",
          exitStatus: access(path, F_OK) == 0 ? .badConfiguration : .missingInput)
      }
      let names = images.classes.map(\.text)
      let weights = try Self.read(text, classes: names, path)
      self.weights = weights
      said = zip(names, weights).filter { $1 != 1 }.map { "\($0) \($1)" }.joined(separator: ", ")
    }
  }

  /// Gives every class the same total weight, with a mean of 1 per image (scikit-learn's `balanced`).
  static func balanced(_ counts: [Int]) -> [Double] {
    let all = Double(counts.reduce(0, +))
    return counts.map { all / (Double(counts.count) * Double(max(1, $0))) }
  }

  /// Parses the weights in a file, one line per class; `*` stands for all classes not named.
  static func read(_ text: String, classes: [String], _ path: String) throws -> [Double] {
    var found: [String: (weight: Double, line: Int)] = [:]
    let lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
    for (number, line) in zip(1..., lines.map { $0.trimmingCharacters(in: .whitespaces) }) {
      if line.isEmpty || line.hasPrefix("#") { continue }
      func fault(_ what: String) -> Failure {
        Failure("\(masked(path)):\(number): \(what)", exitStatus: .badConfiguration)
      }
      guard let (name, weight) = entry(line) else {
        throw fault("'\(masked(line))' is no class and its weight. Write both in a line, as in: sea lion 2.5")
      }
      guard weight > 0, weight <= most else {
        throw fault(
          "the weight of '\(masked(name))' is \(weight), and must be above 0 and at most 1000000. To leave a class out, take its "
            + "folder out of train/ and val/")
      }
      if let earlier = found[name]?.line {
        throw fault("'\(masked(name))' has a weight in line \(earlier) already. Leave one of the two out")
      }
      guard name == others || classes.contains(name) else {
        let near = nearest(to: name, among: classes, atMost: 1).first {
          editDistance($0, name) <= min(2, name.count / 2)
        }
        throw fault(
          "there is no class '\(masked(name))' in train/" + (near.map { "; is '\(masked($0))' meant?" } ?? "")
        )
      }
      found[name] = (weight, number)
    }
    let rest = found[others]?.weight
    let missing = classes.filter { found[$0] == nil }
    if rest == nil, let first = missing.first {
      throw Failure(
        "\(masked(path)): no weight for \(missing.count) of \(counted(classes.count, "class", "classes")), such as '\(masked(first))'. Add a line "
          + "for each, or one for all others: \(others) 1", exitStatus: .badConfiguration)
    }
    return classes.map { found[$0]?.weight ?? rest ?? 1 }
  }

  private static let (others, most) = ("*", 1e6)

  /// Splits a line at its last blank or comma into name and number.
  private static func entry(_ line: String) -> (name: String, weight: Double)? {
    guard let cut = line.lastIndex(where: { ", \t".contains($0) }),
      let weight = Double(line[line.index(after: cut)...])
    else { return nil }
    let name = line[..<cut].trimmingCharacters(in: CharacterSet(charactersIn: ", \t"))
    return name.isEmpty ? nil : (name, weight)
  }

  /// The weights in a line for the start of a run; nil if all classes weigh alike.
  func line(_ recipe: Recipe) -> String? {
    guard let weights, let least = weights.min(), let most = weights.max() else { return nil }
    let named = recipe.loss.classWeights
    return "Class weights: \(significant(least)) to \(significant(most)), "
      + (named == Recipe.Loss.balanced ? "by the images of each class" : "from \(masked(named))")
  }
}
