import Datasets
import Drawing
import Foundation
import Recipe
import System
import SystemPackage

/// What images of each class count in the loss: `--class-weights`.
struct ClassWeights: Equatable {
  /// One for each class; nil where all count alike.
  let weights: [Double]?
  /// What a file says, for the recipe: each class that does not weigh 1; empty where there is no file.
  let said: String

  /// Balances classes by their images, or reads a file of lines `CLASS WEIGHT`.
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

  /// Each class in all counts as much as any other, and an image counts 1 on average (scikit-learn's `balanced`).
  static func balanced(_ counts: [Int]) -> [Double] {
    let all = Double(counts.reduce(0, +))
    return counts.map { all / (Double(counts.count) * Double(max(1, $0))) }
  }

  /// The weights that a file's lines say, each class once; `*` stands for those that it does not name.
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

  /// What stands before the last blank or comma of a line, and the number after it.
  private static func entry(_ line: String) -> (name: String, weight: Double)? {
    guard let cut = line.lastIndex(where: { ", \t".contains($0) }),
      let weight = Double(line[line.index(after: cut)...])
    else { return nil }
    let name = line[..<cut].trimmingCharacters(in: CharacterSet(charactersIn: ", \t"))
    return name.isEmpty ? nil : (name, weight)
  }

  /// A line for the start of a run; nil where all classes count alike.
  func line(_ recipe: Recipe) -> String? {
    guard let weights, let least = weights.min(), let most = weights.max() else { return nil }
    let named = recipe.loss.classWeights
    return "Class weights: \(significant(least)) to \(significant(most)), "
      + (named == Recipe.Loss.balanced ? "by the images of each class" : "from \(masked(named))")
  }
}
