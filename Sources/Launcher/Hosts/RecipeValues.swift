import Flags
import Recipe

/// The values of a recipe as one launcher tells them to another, to say in which of them two hosts differ.
struct RecipeValues: Codable, Equatable, Sendable {
  /// By their dotted names.
  private let texts: [String: String]

  /// Longer ones are cut: they are shown, and the digest compares.
  private static let longestText = 80
  /// More differences are counted.
  private static let mostNamed = 4

  init(of recipe: Recipe) {
    let leaves = recipe.tree.leaves().filter { $0.name != "data.path" }
    texts = Dictionary(
      uniqueKeysWithValues: leaves.map { ($0.name, String($0.value.description.prefix(Self.longestText))) })
  }

  /// What is otherwise than in another one: `--lr 0.1, not 0.2; --epochs 3, not 4`; nil where nothing is to be seen.
  func differences(from other: RecipeValues) -> String? {
    let names = Set(texts.keys).union(other.texts.keys).filter { texts[$0] != other.texts[$0] }.sorted()
    let flagged = names.filter { flag(setting: $0) != nil }
    // A value without a flag follows from others.
    let told = flagged.isEmpty ? names : flagged
    guard !told.isEmpty else { return nil }
    let lines = told.prefix(Self.mostNamed).map {
      "\(flag(setting: $0) ?? $0) \(texts[$0] ?? "none"), not \(other.texts[$0] ?? "none")"
    }
    let rest = told.count - lines.count
    return lines.joined(separator: "; ") + (rest > 0 ? "; and \(rest) more" : "")
  }
}
