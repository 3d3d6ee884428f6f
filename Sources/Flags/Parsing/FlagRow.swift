import Recipe

/// All that is known of a flag of a training: its name, the value that it sets, the bounds of that, and when it has no effect.
///
/// `@Option` or `@Flag` declares it to the parser under the same name. The rest derives from its row: the default that the
/// help tells, where a value comes from, the error that names it, and the warning that it is idle.
struct FlagRow: Sendable {
  /// How it is spelt: `["--mixup"]`, and for a switch what turns it on and off: `["--aug", "--no-aug"]`.
  let names: [String]
  /// The dotted name in `recipe.json` of the value that it sets; nil where it decides no number.
  let value: String?
  /// The reference's value as a command line has it; nil where the flag decides no number.
  let standard: String?
  /// Why it may have no effect.
  let idle: [Idleness]
  /// Lays what was given over a recipe; the result is how the flag was spelt, nil where it was not given.
  let lay: @Sendable (TrainingFlags, inout Recipe) throws(RecipeError) -> String?
  /// What is wrong with a recipe's value, whoever gave it; nil where nothing is.
  let fault: @Sendable (Recipe) -> String?

  /// A flag that sets a value of the recipe.
  ///
  /// - Parameters:
  ///   - path: The value, whose dotted name `value` is.
  ///   - evaluates: Whether an evaluation depends on the value; others are training's.
  ///   - reading: The value that the given word or number means.
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

  /// A flag that sets a value of the recipe to what was given.
  init<Value: Sendable>(
    _ name: String, _ flag: any KeyPath<TrainingFlags, Value?> & Sendable,
    sets path: any WritableKeyPath<Recipe, Value> & Sendable, _ value: String,
    _ bounds: Bounds<Value> = .none,
    idle: [Idleness] = [], evaluates: Bool = false
  ) {
    self.init(name, flag, sets: path, value, bounds, idle: idle, evaluates: evaluates) { given in given }
  }

  /// A flag that decides no number; that it was given is remembered where it may be idle.
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

  /// A flag's name, or of a switch that is off what turns it off.
  private static func spelling(_ name: String, _ given: Any) -> String {
    (given as? Bool) == false ? "--no-" + name.dropFirst(2) : name
  }
}

/// The flag that sets a value of the recipe, by the value's dotted name; nil where none does.
package func flag(setting value: String) -> String? {
  FlagRow.all.first { $0.value == value }?.names.joined(separator: "/")
}

extension FlagRow {
  /// All flags with a row, in the order in which they are read and named.
  static let all =
    ImageFlags.rows + AugmentationFlags.rows + MixingFlags.rows + NetworkFlags.rows + ScheduleFlags.rows
    + OptimizerFlags.rows + TuningFlags.rows + DistillationFlags.rows + JudgingFlags.rows + IdleFlags.rows
    + RunFlags.rows + CacheFlags.rows

  /// The dotted names of values by the flags that set them, without the dashes; of a switch, by what turns it off.
  static let valueNames = Dictionary(
    all.compactMap { row in row.value.map { (String((row.names.last ?? "").dropFirst(2)), $0) } }
  ) { $1 }

  /// The dotted names of the values that an evaluation depends on; all others are training's.
  static let evaluated = Set(all.filter { !$0.idle.contains(.untrainedValue) }.compactMap(\.value))

  /// Why a flag, as it was spelt, may have no effect.
  static func idle(_ spelling: String) -> [Idleness] {
    all.first { $0.names.contains(spelling) }?.idle ?? []
  }

  /// The default of a flag, which may set two values, as `--help` tells it.
  static func standard(of flag: String) -> String {
    all.filter { $0.names.contains(flag) }.compactMap(\.standard).joined(separator: " ")
  }
}
