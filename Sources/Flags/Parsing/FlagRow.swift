import Recipe

/// Everything about a training flag: its name, the value that it sets, its bounds, and when it has no effect.
///
/// `@Option` or `@Flag` declares it to the parser under the same name. Everything else derives from the row:
/// the default in the help, where a value comes from, the error that names the flag, and the warning that it
/// has no effect.
struct FlagRow: Sendable {
  /// Its spellings: `["--mixup"]`, or for a switch those that turn it on and off: `["--aug", "--no-aug"]`.
  let names: [String]
  /// The dotted name in `recipe.json` of the value that it sets; nil if it affects no result.
  let value: String?
  /// The reference's value as on a command line; nil if the flag affects no result.
  let standard: String?
  /// Reasons why it may have no effect.
  let idle: [Idleness]
  /// Applies the given value to a recipe; returns the flag as it was spelt, or nil if it was not given.
  let lay: @Sendable (TrainingFlags, inout Recipe) throws(RecipeError) -> String?
  /// What is wrong with a recipe's value, wherever it came from; nil if nothing is.
  let fault: @Sendable (Recipe) -> String?

  /// Makes the row of a flag that sets a value of the recipe.
  ///
  /// - Parameters:
  /// - path: The value, whose dotted name is `value`.
  /// - evaluates: Whether an evaluation depends on the value; others only matter for training.
  /// - reading: Converts the given word or number to the value.
  init<Given: Sendable, Value: Sendable>(
    _ name: String, _ flag: any KeyPath<TrainingFlags, Given?> & Sendable,
    sets path: any WritableKeyPath<Recipe, Value> & Sendable, _ value: String,
    _ bounds: Bounds<Value> = .none,
    idle: [Idleness] = [], evaluates: Bool = false,
    reading: @escaping @Sendable (Given) throws(RecipeError) -> Value
  ) {
    names = Self.names(name, of: Given.self)
    self.value = value
    let standard = reference[keyPath: path]
    self.standard = standard is Bool ? Self.spelling(name, standard) : spelt(standard)
    self.idle = evaluates ? idle : [.untrainedValue] + idle
    lay = { flags, recipe throws(RecipeError) in
      guard let given = flags[keyPath: flag] else { return nil }
      recipe[keyPath: path] = try reading(given)
      return Self.spelling(name, given)
    }
    fault = { bounds.fault(of: $0[keyPath: path]) }
  }

  /// Makes the row of a flag that sets a value of the recipe to exactly what was given.
  init<Value: Sendable>(
    _ name: String, _ flag: any KeyPath<TrainingFlags, Value?> & Sendable,
    sets path: any WritableKeyPath<Recipe, Value> & Sendable, _ value: String,
    _ bounds: Bounds<Value> = .none,
    idle: [Idleness] = [], evaluates: Bool = false
  ) {
    self.init(name, flag, sets: path, value, bounds, idle: idle, evaluates: evaluates) { given in given }
  }

  /// Makes the row of a flag that affects no result; it is recorded as given if it may have no effect.
  init<Given: Sendable>(
    _ name: String, _ flag: @escaping @Sendable (TrainingFlags) -> Given?, _ bounds: Bounds<Given> = .none,
    idle: [Idleness] = [], refusing refusal: @escaping @Sendable (Given) -> RecipeError? = { _ in nil }
  ) {
    names = Self.names(name, of: Given.self)
    value = nil
    standard = nil
    self.idle = idle
    lay = { flags, _ throws(RecipeError) in
      guard let given = flag(flags) else { return nil }
      if let fault = bounds.fault(of: given) { throw RecipeError("\(name) \(fault)") }
      if let error = refusal(given) { throw error }
      return idle.isEmpty ? nil : Self.spelling(name, given)
    }
    fault = { _ in nil }
  }

  private static func names(_ name: String, of type: Any.Type) -> [String] {
    type == Bool.self ? [spelling(name, true), spelling(name, false)] : [name]
  }

  /// The flag's name, or for a switch that is off, the name that turns it off.
  private static func spelling(_ name: String, _ given: Any) -> String {
    (given as? Bool) == false ? "--no-" + name.dropFirst(2) : name
  }
}

/// The flag that sets a value of the recipe, by dotted name; nil if there is none.
package func flag(setting value: String) -> String? {
  FlagRow.all.first { $0.value == value }?.names.joined(separator: "/")
}

extension FlagRow {
  /// All flags with a row, in the order in which they are read and listed.
  static let all =
    ImageFlags.rows + AugmentationFlags.rows + MixingFlags.rows + NetworkFlags.rows + ScheduleFlags.rows
    + OptimizerFlags.rows + TuningFlags.rows + DistillationFlags.rows + JudgingFlags.rows + IdleFlags.rows
    + RunFlags.rows + CacheFlags.rows

  /// The dotted name of each flag's value, by the flag's name without dashes; for a switch, by the name that
  /// turns it off.
  static let valueNames = Dictionary(
    all.compactMap { row in row.value.map { (String((row.names.last ?? "").dropFirst(2)), $0) } }
  ) { $1 }

  /// The dotted names of the values that an evaluation depends on; all others only matter for training.
  static let evaluated = Set(all.filter { !$0.idle.contains(.untrainedValue) }.compactMap(\.value))

  /// Why a flag with this spelling may have no effect.
  static func idle(_ spelling: String) -> [Idleness] {
    all.first { $0.names.contains(spelling) }?.idle ?? []
  }

  /// The default of a flag, which may set two values, for `--help`.
  static func standard(of flag: String) -> String {
    all.filter { $0.names.contains(flag) }.compactMap(\.standard).joined(separator: " ")
  }
}
