import FoundationEssentials
import System

/// Values that a file lays over the reference's: a run's `recipe.json`, or part of one.
package struct RecipeFile: Equatable {
  /// The recipe that it was laid over, with the file's values in it.
  package let recipe: Recipe
  /// The dotted names of the file's values.
  package let names: Set<String>

  /// Values that follow from others, and so are not taken from a file.
  private static let derived: Set = ["schedule.base", "worldSize"]

  /// Reads a file; throws a `RecipeError` that names it and the value at fault.
  package init(
    path: String, over base: Recipe = Recipe(), flagged: [String: String] = [:]
  ) throws(RecipeError) {
    let text: String
    do {
      text = try String(contentsOf: URL(filePath: path), encoding: .utf8)
    } catch {
      throw RecipeError(
        "--config \(path): the file cannot be read. A run writes one, recipe.json, into its output folder.",
        exitStatus: .missingInput)
    }
    try self.init(text, named: path, over: base, flagged: flagged)
  }

  /// Reads what a file called `file` says.
  ///
  /// - Parameter flagged: The dotted names of values by the flags that set them, for hints.
  package init(
    _ text: String, named file: String, over base: Recipe = Recipe(), flagged: [String: String] = [:]
  ) throws(RecipeError) {
    var overlay = Overlay(file: file, flagged: flagged, tree: base.tree)
    overlay.lay(try Self.members(of: text, file))
    if let fault = overlay.fault { throw Self.error(fault) }
    if overlay.names.contains("schedule.base") && !overlay.names.contains("schedule.rate") {
      throw Self.error("\(file): schedule.base follows from schedule.rate and schedule.scalesRate; set those")
    }
    recipe = try Self.recipe(overlay.tree, file)
    names = overlay.names.subtracting(Self.derived)
  }

  private static func members(of text: String, _ file: String) throws(RecipeError) -> [String: JSONTree] {
    guard case .object(var members)? = try? JSONTree(parsing: text) else {
      throw error("\(file): not a JSON object like a run's recipe.json")
    }
    members[Recipe.digestKey] = nil
    return members
  }

  private static func recipe(_ tree: JSONTree, _ file: String) throws(RecipeError) -> Recipe {
    do {
      var recipe = try tree.decoded(as: Recipe.self)
      recipe.data.path = withHomeFolder(recipe.data.path)
      return recipe
    } catch let error as DecodingError {
      throw Self.error("\(file): \(error.inShort)")
    } catch {
      throw Self.error("\(file): \(error)")
    }
  }

  private static func error(_ text: String) -> RecipeError {
    RecipeError(text, exitStatus: .badConfiguration)
  }
}

/// A tree of values, and what a file lays over it.
private struct Overlay {
  let file: String
  /// The dotted names of values by the flags that set them.
  let flagged: [String: String]
  var tree: JSONTree
  var names: Set<String> = []
  var fault: String?

  init(file: String, flagged: [String: String], tree: JSONTree) {
    self.file = file
    self.flagged = flagged
    self.tree = tree
  }

  mutating func lay(_ members: [String: JSONTree]) {
    tree = laid(.object(members), over: tree, at: "")
  }

  private mutating func laid(_ new: JSONTree, over old: JSONTree, at name: String) -> JSONTree {
    guard case .object(var members) = old else {
      names.insert(name)
      return new
    }
    guard case .object(let given) = new else {
      fault = "\(file): \(name) is a group of values, not one"
      return old
    }
    for (key, value) in given.sorted(by: { $0.key < $1.key }) {
      let inner = name.isEmpty ? key : "\(name).\(key)"
      guard let member = members[key] else {
        fault = "\(file): there is no value \(inner)\(hint(for: key, among: members.keys, in: name))"
        continue
      }
      members[key] = laid(value, over: member, at: inner)
    }
    return .object(members)
  }

  /// What is probably meant by a key: the value of the flag of that name first, then what is spelt nearly so.
  private func hint(for key: String, among members: some Collection<String>, in name: String) -> String {
    let near = members.filter { $0.hasPrefix(key) }.min() ?? flagged[key.replacing("_", with: "-")]
    if let near { return "; is \(near.contains(".") || name.isEmpty ? near : "\(name).\(near)") meant?" }
    let spelt = nearest(to: key, among: Array(members), atMost: 1).filter {
      editDistance($0, key) <= key.count / 3
    }
    guard let spelt = spelt.first else { return ". --print-config lists all" }
    return "; is \(name.isEmpty ? spelt : "\(name).\(spelt)") meant?"
  }
}

extension DecodingError {
  /// Which value is at fault, and why.
  fileprivate var inShort: String {
    switch self {
    case .typeMismatch(let type, let context), .valueNotFound(let type, let context):
      "\(context.name) must be of type \(type)"
    case .dataCorrupted(let context): "\(context.name): \(context.debugDescription)"
    case .keyNotFound(let key, let context): "\(context.name) lacks \(key.stringValue)"
    @unknown default: "\(self)"
    }
  }
}

extension DecodingError.Context {
  fileprivate var name: String { codingPath.map(\.stringValue).joined(separator: ".") }
}
