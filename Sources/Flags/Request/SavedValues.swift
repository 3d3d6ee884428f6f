public import Recipe

/// Values that a checkpoint or a file of weights says of itself: they lie over the defaults, and under --config and all flags.
public struct SavedValues: Equatable, Sendable {
  /// Where they are read, for messages.
  public let source: String
  /// The output folder of the run that goes on, where `--resume` names it.
  public var outputFolder: String?
  let kind: Kind

  enum Kind: Equatable, Sendable {
    case run(Recipe)
    case weights(model: String, Recipe.Preprocessing)
  }

  /// All values of the run that saved a checkpoint.
  public init(of recipe: Recipe, source: String) {
    kind = .run(recipe)
    self.source = source
  }

  /// What weights need to be evaluated as they were trained.
  public init(model: String, images: Recipe.Preprocessing, source: String) {
    kind = .weights(model: model, images)
    self.source = source
  }

  /// Whether a run goes on, and where it begins is therefore settled.
  var isOfRun: Bool { if case .run = kind { true } else { false } }

  /// These values, in the place of those that a recipe has for them.
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

  /// What a run has otherwise, a line for each value.
  ///
  /// - Parameter evaluates: Whether only an evaluation follows, to which the values of a training do not matter.
  public func changes(in recipe: Recipe, evaluates: Bool = false) -> [String] {
    let names = evaluates ? names.intersection(FlagRow.evaluated) : names
    return laid(over: recipe).changes(to: recipe, among: names)
  }
}
