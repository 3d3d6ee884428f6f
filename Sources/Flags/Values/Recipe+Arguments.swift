public import ArgumentParser
public import Recipe

// The words of these values on the command line are those in `recipe.json`.
extension NamedRecipe: ExpressibleByArgument {}
extension Recipe.Interpolation: ExpressibleByArgument {}
extension Recipe.Erasing.Mode: ExpressibleByArgument {}
extension Recipe.Mixing.Mode: ExpressibleByArgument {}
extension Recipe.Precision.Level: ExpressibleByArgument {}
extension Recipe.Precision.ElementType: ExpressibleByArgument {}
extension Recipe.Precision.GradientType: ExpressibleByArgument {}

/// `--amp`: apex's levels.
package typealias AmpLevel = Recipe.Precision.Level
