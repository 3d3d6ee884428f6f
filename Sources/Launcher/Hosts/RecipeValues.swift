import Flags
import Recipe

/// A recipe's values as launchers exchange them, to say in which values two hosts differ.
struct RecipeValues: Codable, Equatable, Sendable {
  /// The values by their dotted names.
  private let texts: [String: String]

  /// The most characters of a value. They are only shown; a digest compares the recipes.
  private static let longestText = 80
  /// The most differences to name; further ones are counted.
  private static let mostNamed = 4

  init(of recipe: Recipe) {
    let leaves = recipe.tree.leaves().filter { $0.name != "data.path" }
    texts = Dictionary(
      uniqueKeysWithValues: leaves.map { ($0.name, String($0.value.description.prefix(Self.longestText))) })
  }

  /// Describes the differences: `--lr 0.1, not 0.2; --epochs 3, not 4`; nil where none is visible.
  func differences(from other: RecipeValues) -> String? {
    let names = Set(texts.keys).union(other.texts.keys).filter { texts[$0] != other.texts[$0] }.sorted()
    let flagged = names.filter { flag(setting: $0) != nil }
    // Values without a flag are derived from others.
    let told = flagged.isEmpty ? names : flagged
    guard !told.isEmpty else { return nil }
    let lines = told.prefix(Self.mostNamed).map {
      "\(flag(setting: $0) ?? $0) \(texts[$0] ?? "none"), not \(other.texts[$0] ?? "none")"
    }
    let rest = told.count - lines.count
    return lines.joined(separator: "; ") + (rest > 0 ? "; and \(rest) more" : "")
  }
}
