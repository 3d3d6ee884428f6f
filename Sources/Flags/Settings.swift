package import Recipe
import System

/// A recipe as it is put together: the reference's values or a named recipe's, over them what a run or weights that are
/// gone on with say, a file's, and the flags'.
package struct Settings: Codable, Equatable, Sendable {
  /// The values so far.
  package private(set) var recipe: Recipe
  /// Where the values come from that are not the reference's, by dotted name.
  package private(set) var origins: [String: Origin]
  /// The flags that were given, as they are spelt in messages.
  package private(set) var given: [Given] = []
  /// The dotted names of values by the flags that may set them, without the dashes.
  private(set) var names: [String: String] = [:]

  /// Where a value comes from.
  package enum Origin: Codable, Equatable, Sendable, CustomStringConvertible {
    case recipe(NamedRecipe)
    case saved(String)
    case file(String)
    case flag(String)
    case derived(String)

    package var description: String {
      switch self {
      case .recipe(let named): "--recipe \(named.rawValue)"
      case .saved(let source), .file(let source): masked(source)
      case .flag(let name): name
      case .derived(let how): how
      }
    }

    /// Whether a flag or a file named by one gave it.
    var isOfCommandLine: Bool {
      switch self {
      case .file, .flag: true
      case .recipe, .saved, .derived: false
      }
    }
  }

  /// A flag of the command line.
  package struct Given: Codable, Equatable, Sendable {
    let flag: String
    /// The dotted name of the value that it sets; nil where it sets none of the recipe's.
    let name: String?
  }

  /// Values that a network and its evaluation depend on; all others are training's.
  static let evaluated: Set = [
    "data.path", "data.batchSize", "data.inputSize", "data.cropPercent", "model.name", "precision.level",
    "precision.dtype", "seed",
  ]

  /// Starts from the reference's recipe or a named one, under saved values, under a file's.
  init(
    _ named: NamedRecipe?, over saved: SavedValues? = nil, config path: String? = nil
  ) throws(RecipeError) {
    recipe = named?.recipe ?? Recipe()
    origins = [:]
    if let named {
      for (own, other) in zip(recipe.tree.leaves(), Recipe().tree.leaves()) where own.value != other.value {
        origins[own.name] = .recipe(named)
      }
    }
    if let saved {
      recipe = saved.laid(over: recipe)
      for name in saved.names { origins[name] = .saved(saved.source) }
    }
    guard let path else { return }
    let file = try RecipeFile(path: path, over: recipe, flagged: TrainingFlags.valueNames)
    recipe = file.recipe
    for name in file.names { origins[name] = .file(path) }
  }

  /// Lays over these values those that flags and a file gave, and checks all that stand then.
  mutating func lay(_ asked: Settings) throws(RecipeError) {
    let given = asked.origins.filter { $0.value.isOfCommandLine }
    do {
      let tree = recipe.tree.replacing(Set(given.keys), from: asked.recipe.tree)
      recipe = try tree.decoded(as: Recipe.self)
    } catch {
      preconditionFailure("a recipe with values of another one is one: \(error)")
    }
    origins.merge(given) { $1 }
    self.given = asked.given
    try TrainingFlags.check(&self)
  }

  /// Takes a flag's value if it was given, and checks the value that stands then.
  ///
  /// - Parameters:
  ///   - value: What was given; nil leaves the value as it is.
  ///   - flag: The flag's name, for messages.
  ///   - name: The value's dotted name in `recipe.json`.
  mutating func take<Value>(
    _ value: Value?, _ flag: String, into path: WritableKeyPath<Recipe, Value>, _ name: String,
    _ wanted: String = "", where holds: (Value) -> Bool = { _ in true }
  ) throws(RecipeError) {
    names[String(flag.dropFirst(2))] = name
    if let value {
      recipe[keyPath: path] = value
      origins[name] = .flag(flag)
      given.append(Given(flag: flag, name: name))
    }
    let result = recipe[keyPath: path]
    if holds(result) { return }
    switch origins[name] {
    case .saved(let source), .file(let source):
      throw RecipeError(
        "\(source): \(name) \(spelt(result)): must be \(wanted)", exitStatus: .badConfiguration)
    default: throw RecipeError("\(flag) \(spelt(result)): must be \(wanted)")
    }
  }

  /// Likewise for a value between two ends.
  mutating func take<Value: Comparable>(
    _ value: Value?, _ flag: String, into path: WritableKeyPath<Recipe, Value>, _ name: String,
    in range: ClosedRange<Value>
  ) throws(RecipeError) {
    try take(
      value, flag, into: path, name, "from \(end(range.lowerBound)) to \(end(range.upperBound))",
      where: range.contains)
  }

  /// Remembers that a flag was given that decides no number.
  mutating func note(_ flag: String, isGiven: Bool) {
    if isGiven { given.append(Given(flag: flag, name: nil)) }
  }

  /// Takes back that a flag was given.
  mutating func forget(_ flag: String) { given.removeAll { $0.flag == flag } }

  /// Fills in what follows from other values.
  mutating func derive(worldSize: Int) {
    recipe.worldSize = worldSize
    origins["worldSize"] = .derived("the number of workers")
    recipe.schedule.base = recipe.resolvedBase
    origins["schedule.base"] = .derived(
      recipe.schedule.scalesRate
        ? "schedule.rate × \(recipe.imagesPerUpdate) images an update / 512" : "schedule.rate")
  }
}

/// An end of a range, a whole number without a decimal point.
private func end(_ value: Any) -> String {
  if let number = value as? Double, let whole = Int(exactly: number), whole < 1_000_000 { return "\(whole)" }
  return spelt(value)
}

/// A value as it was typed.
private func spelt(_ value: Any) -> String {
  if let list = value as? [Double] { return list.map(\.description).joined(separator: " ") }
  if let number = value as? Double { return number.description }
  if let number = value as? Int { return number.description }
  return "\(value)"
}

extension Settings {
  /// A line a value, in columns: its dotted name, what it is, where it comes from.
  package var table: String {
    let rows = recipe.tree.leaves().map { leaf in
      [leaf.name, leaf.value.description, origins[leaf.name]?.description ?? "default"]
    }
    let widths = (0...1).map { column in rows.map { $0[column].count }.max() ?? 0 }
    return rows.map { row in
      padded(row[0], widths[0]) + "  " + padded(row[1], widths[1]) + "  " + row[2]
    }.joined(separator: "\n")
  }
}

private func padded(_ text: String, _ width: Int) -> String {
  text + String(repeating: " ", count: width - text.count)
}
