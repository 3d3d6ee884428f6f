import FoundationEssentials
import System

/// Values from a file that override the defaults: a run's `recipe.json`, or part of one.
package struct RecipeFile: Equatable {
  /// The underlying recipe with the file's values.
  package let recipe: Recipe
  /// The dotted names of the file's values.
  package let names: Set<String>

  /// Values derived from others, which are not read from a file.
  private static let derived: Set = [
    "schedule.base", "worldSize", "loss.weightsOfFile", "distillation.weightsOfTeacher",
    "data.imagesHeldOut",
  ]

  /// Reads a file; throws a `RecipeError` that names the file and the invalid value.
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

  /// Parses the content of a file named `file`.
  ///
  /// - Parameter flagged: The dotted name of the value that each flag sets, for hints.
  package init(
    _ text: String, named file: String, over base: Recipe = Recipe(), flagged: [String: String] = [:]
  ) throws(RecipeError) {
    let places = JSONPlaces(text)
    var overlay = Overlay(file: file, places: places, flagged: flagged, tree: base.tree)
    overlay.lay(try Self.members(of: text, places, file))
    if let fault = overlay.fault { throw Self.error(fault) }
    if overlay.names.contains("schedule.base") && !overlay.names.contains("schedule.rate") {
      throw Self.error("\(file): schedule.base follows from schedule.rate and schedule.scalesRate; set those")
    }
    recipe = try Self.recipe(overlay, over: base)
    names = overlay.names.subtracting(Self.derived)
  }

  private static func members(
    of text: String, _ places: JSONPlaces, _ file: String
  ) throws(RecipeError) -> [String: JSONTree] {
    if let fault = places.fault {
      throw error(
        "\(file):\(fault): from here on it is not JSON. A run's recipe.json shows what it should look like")
    }
    guard case .object(var members)? = try? JSONTree(parsing: text) else {
      throw error("\(file): not a JSON object like a run's recipe.json")
    }
    members[Recipe.digestKey] = nil
    return members
  }

  private static func recipe(_ overlay: Overlay, over base: Recipe) throws(RecipeError) -> Recipe {
    do {
      var recipe = try overlay.tree.decoded(as: Recipe.self)
      recipe.data.path = withHomeFolder(recipe.data.path)
      return recipe
    } catch {
      // The decoder does not say which value has a fraction where an integer is needed.
      let wrong = overlay.names.sorted().first { name in
        (try? base.tree.replacing([name], from: overlay.tree).decoded(as: Recipe.self)) == nil
      }
      let reason = (error as? DecodingError)?.inShort ?? "\(error)"
      guard let wrong, let value = overlay.tree.leaf(wrong) else {
        throw Self.error("\(overlay.file): \(reason)")
      }
      throw Self.error(
        "\(overlay.place(of: wrong)): \(reason.contains(wrong) ? reason : "\(wrong) cannot be \(value)")")
    }
  }

  private static func error(_ text: String) -> RecipeError {
    RecipeError(text, exitStatus: .badConfiguration)
  }
}

/// A tree of values, overlaid by a file's.
private struct Overlay {
  let file: String
  let places: JSONPlaces
  /// The dotted name of the value that each flag sets.
  let flagged: [String: String]
  var tree: JSONTree
  var names: Set<String> = []
  var fault: String?

  init(file: String, places: JSONPlaces, flagged: [String: String], tree: JSONTree) {
    (self.file, self.places) = (file, places)
    self.flagged = flagged
    self.tree = tree
  }

  /// The file's name, with the line and column of a value.
  func place(of name: String) -> String { places.places[name].map { "\(file):\($0)" } ?? file }

  mutating func lay(_ members: [String: JSONTree]) {
    tree = laid(.object(members), over: tree, at: "")
  }

  private mutating func laid(_ new: JSONTree, over old: JSONTree, at name: String) -> JSONTree {
    guard case .object(var members) = old else {
      names.insert(name)
      return new
    }
    guard case .object(let given) = new else {
      fault = "\(place(of: name)): \(name) is a group of values, not one"
      return old
    }
    for (key, value) in given.sorted(by: { $0.key < $1.key }) {
      let inner = name.isEmpty ? key : "\(name).\(key)"
      guard let member = members[key] else {
        fault =
          "\(place(of: inner)): there is no value \(inner)\(hint(for: key, among: members.keys, in: name))"
        continue
      }
      members[key] = laid(value, over: member, at: inner)
    }
    return .object(members)
  }

  /// What a misspelt key probably means: the value of a flag with that name, otherwise the closest spelling.
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
  /// Which value is invalid, and why.
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
