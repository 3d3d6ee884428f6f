package import Recipe
import System

/// A recipe under construction: the reference's or a named recipe's values, overridden by those of a resumed
/// run or of weights, a file's, and the flags'.
package struct Settings: Codable, Equatable, Sendable {
  /// The current values.
  package private(set) var recipe: Recipe
  /// The sources of values that are not the reference's, by dotted name.
  package private(set) var origins: [String: Origin]
  /// The given flags, as spelt in messages.
  private(set) var given: [String] = []

  /// The source of a value.
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

    /// Whether a flag, or a file named by one, gave it.
    var isOfCommandLine: Bool {
      switch self {
      case .file, .flag: true
      case .recipe, .saved, .derived: false
      }
    }
  }

  /// Starts from the reference's recipe or a named one, overridden by saved values and a file's.
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
    let file = try RecipeFile(path: path, over: recipe, flagged: FlagRow.valueNames)
    recipe = file.recipe
    for name in file.names { origins[name] = .file(path) }
  }

  /// Applies the values given by flags and a file, and checks the result.
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
    for row in FlagRow.all { try check(row) }
  }

  /// Applies the given flags, and checks the result.
  mutating func lay(_ flags: TrainingFlags) throws(RecipeError) {
    for row in FlagRow.all {
      if let flag = try row.lay(flags, &recipe) {
        if let value = row.value { origins[value] = .flag(flag) }
        if given.last != flag { given.append(flag) }
      }
      try check(row)
    }
  }

  private func check(_ row: FlagRow) throws(RecipeError) {
    guard let value = row.value, let fault = row.fault(recipe) else { return }
    switch origins[value] {
    case .saved(let source), .file(let source):
      throw RecipeError("\(source): \(value) \(fault)", exitStatus: .badConfiguration)
    default: throw RecipeError("\(row.names[0]) \(fault)")
    }
  }

  /// Divides an update of `whole` among the available ranks.
  mutating func divide(_ whole: Recipe.Division) throws(RecipeError) {
    var asked = recipe
    asked.division = whole
    guard let division = asked.division(among: recipe.worldSize) else {
      throw RecipeError(
        "the \(asked.imagesPerUpdate) images of an update cannot be divided among \(counted(recipe.worldSize, "worker"))",
        exitStatus: .badConfiguration)
    }
    recipe.division = division
    for name in ["data.batchSize", "accumulation"] where division != whole {
      origins[name] = .derived(
        "an update of \(counted(whole.worldSize, "worker")), divided among \(division.worldSize)")
    }
    recipe.schedule.base = recipe.resolvedBase
  }

  /// Sets every value to that of a recipe, as if flags had given them all.
  mutating func settle(as recipe: Recipe) {
    self.recipe = recipe
    for leaf in recipe.tree.leaves() where origins[leaf.name]?.isOfCommandLine != true {
      origins[leaf.name] = .flag("the launcher")
    }
  }

  /// Forgets that a flag was given.
  mutating func forget(_ flag: String) { given.removeAll { $0 == flag } }

  /// Computes the derived values for `worldSize` ranks, of which each of several hosts has `hostSize`.
  mutating func derive(worldSize: Int, hostSize: Int? = nil) throws(RecipeError) {
    try settleSumGroup(worldSize: worldSize, hostSize: hostSize ?? worldSize)
    recipe.worldSize = worldSize
    origins["worldSize"] = .derived("the number of workers")
    recipe.schedule.base = recipe.resolvedBase
    origins["schedule.base"] = .derived(
      recipe.schedule.scalesRate
        ? "schedule.rate × \(counted(recipe.imagesPerUpdate, "image")) an update / 512" : "schedule.rate")
  }
}

extension Settings {
  private static let sumGroup = "precision.sumGroup"

  /// Makes each host's ranks a sum group if there are several hosts. Otherwise a requested group must fit,
  /// and an earlier run's is dropped if it does not. A single rank keeps the setting of several.
  private mutating func settleSumGroup(worldSize: Int, hostSize: Int) throws(RecipeError) {
    guard worldSize > 1 else { return }
    let asked = recipe.precision.sumGroup
    let isAsked = origins[Self.sumGroup]?.isOfCommandLine == true
    if hostSize < worldSize {
      if isAsked, let asked, asked != hostSize {
        throw fault(
          "\(asked): a host's \(hostSize) workers are the sum group where there are several hosts; leave it out"
        )
      }
      setSumGroup(hostSize, of: worldSize, because: "the workers of a host")
    } else if let asked, worldSize.isMultiple(of: asked) {
      setSumGroup(asked, of: worldSize, because: origins[Self.sumGroup]?.description ?? "")
    } else if let asked, isAsked {
      throw fault("\(asked): must divide the number of workers, which is \(worldSize)")
    } else if let asked {
      setSumGroup(nil, of: worldSize, because: "groups of \(asked) do not divide the workers")
    }
  }

  /// Groups of one rank or of all ranks are recorded as no groups.
  private mutating func setSumGroup(_ group: Int?, of worldSize: Int, because reason: String) {
    let settled = group == 1 || group == worldSize ? nil : group
    guard settled != recipe.precision.sumGroup else { return }
    recipe.precision.sumGroup = settled
    origins[Self.sumGroup] = .derived(reason)
  }

  private func fault(_ words: String) -> RecipeError {
    if case .file(let path)? = origins[Self.sumGroup] {
      return RecipeError("\(path): \(Self.sumGroup) \(words)", exitStatus: .badConfiguration)
    }
    return RecipeError("--sum-group \(words)")
  }
}

extension Settings {
  /// One line per value, in columns: its dotted name, its value, its source.
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
