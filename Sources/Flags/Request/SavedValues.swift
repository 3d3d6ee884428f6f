public import Recipe

/// Values stored in a checkpoint or a file of weights: they override the defaults, and --config and flags
/// override them.
public struct SavedValues: Equatable, Sendable {
  /// The source, for messages.
  public let source: String
  /// The output folder of the run that `--resume` names.
  public var outputFolder: String?
  let kind: Kind

  enum Kind: Equatable, Sendable {
    case run(Recipe)
    case weights(model: String, Recipe.Preprocessing)
  }

  /// Makes all values of the run that saved a checkpoint.
  public init(of recipe: Recipe, source: String) {
    kind = .run(recipe)
    self.source = source
  }

  /// Makes the values needed to evaluate weights as they were trained.
  public init(model: String, images: Recipe.Preprocessing, source: String) {
    kind = .weights(model: model, images)
    self.source = source
  }

  /// Whether a run is resumed, so that its beginning is settled.
  var isOfRun: Bool { if case .run = kind { true } else { false } }

  /// A recipe with these values in place of its own.
  func laid(over recipe: Recipe) -> Recipe {
    switch kind {
    case .run(let saved): return saved
    case .weights(let model, let images):
      var recipe = recipe
      recipe.model.name = (try? ModelName.canonical(model)) ?? model
      recipe.data.preprocessing = images
      return recipe
    }
  }

  /// The dotted names of the values.
  var names: Set<String> {
    switch kind {
    case .run(let recipe): Set(recipe.tree.leaves().map(\.name))
    case .weights: Set(["model.name"] + Recipe.Images.preprocessingNames)
    }
  }

  /// The values that differ in a run's recipe, one line each.
  ///
  /// - Parameter evaluates: Whether only an evaluation follows, which does not depend on training's values.
  public func changes(in recipe: Recipe, evaluates: Bool = false) -> [String] {
    let names = evaluates ? names.intersection(FlagRow.evaluated) : names
    return laid(over: recipe).changes(to: recipe, among: names)
  }
}
