public import ArgumentParser
public import Recipe

extension [Double] {
  /// The list as a value that may not be given.
  var given: [Double]? { isEmpty ? nil : self }
}

extension [Int] {
  /// The list as a value that may not be given.
  var given: [Int]? { isEmpty ? nil : self }
}

extension Bool {
  /// The flag as a value that may not be given.
  var given: Bool? { self ? true : nil }
}

/// More of them than any run has: counts stay far from where sums of them would overflow.
package let manyEpochs = 1_000_000
/// Likewise.
package let manySteps = 1_000_000_000
/// More threads than a process gets.
package let manyThreads = 1024
/// Sides of images that a network can be given, in pixels; the files of weights say no other.
package let inputSizes = 32...8192

/// Images in a batch.
package let batchSizes = 1...65_536
/// Beyond about this a number is infinite once it meets the weights.
let largestFloat = 1e38

/// Throws an error that names the flag and its value where one is given that lies outside.
package func require<Value: Comparable>(
  _ value: Value?, _ flag: String, in range: ClosedRange<Value>
) throws(RecipeError) {
  guard let value, !range.contains(value) else { return }
  throw RecipeError("\(flag) \(value): must be from \(range.lowerBound) to \(range.upperBound)")
}

// The words of these values on the command line are those in `recipe.json`.
extension NamedRecipe: ExpressibleByArgument {}
extension Recipe.Interpolation: ExpressibleByArgument {}
extension Recipe.Erasing.Mode: ExpressibleByArgument {}
extension Recipe.Mixing.Mode: ExpressibleByArgument {}
extension Recipe.Optimizer.ClipMode: ExpressibleByArgument {}
extension Recipe.Sampling: ExpressibleByArgument {}
extension Recipe.CropMode: ExpressibleByArgument {}
extension Recipe.Loss.Kind: ExpressibleByArgument {}
extension Recipe.Distillation.Kind: ExpressibleByArgument {}
extension Recipe.Judging.Monitor: ExpressibleByArgument {}
extension Recipe.Precision.Level: ExpressibleByArgument {}
extension Recipe.Precision.ElementType: ExpressibleByArgument {}
extension Recipe.Precision.GradientType: ExpressibleByArgument {}
extension Recipe.Precision.Kernels: ExpressibleByArgument {}

/// `--amp`: apex's levels.
package typealias AmpLevel = Recipe.Precision.Level
