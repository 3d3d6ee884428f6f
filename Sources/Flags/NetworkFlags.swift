import ArgumentParser
import Recipe

/// Which network, its regularisation, precision and randomness.
package struct NetworkFlags: ParsableArguments {
  @Option(help: ArgumentHelp("Network, by the reference's name or timm's.", valueName: "name"))
  package var model = reference.model.name

  @Option(help: ArgumentHelp("Highest drop-path rate; it rises from 0 over the blocks.", valueName: "rate"))
  package var dropPath = reference.model.dropPath

  @Option(
    help: ArgumentHelp(
      "O0: float32. O1: matrix products and convolutions in bfloat16, the rest in float32.",
      valueName: "level"))
  package var amp = AmpLevel.O0

  @Option(help: ArgumentHelp("Seeds weights, order, augmentation and drop path.", valueName: "n"))
  package var seed = reference.seed

  package init() {}

  /// The recipe's part; throws when the name is unknown or the rate out of range.
  func network() throws(RecipeError) -> Recipe.Network {
    try require((0..<1).contains(dropPath), "--drop-path", dropPath, "from 0 to below 1")
    var network = Recipe.Network()
    network.name = try ModelName.canonical(model)
    network.dropPath = dropPath
    return network
  }
}

/// `--amp`: apex's levels.
package enum AmpLevel: String, ExpressibleByArgument, CaseIterable, Sendable {
  case O0
  case O1
}
