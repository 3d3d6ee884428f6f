public import ArgumentParser
public import Recipe

extension [Double] {
  /// Nil if the list is empty, so was not given.
  var given: [Double]? { isEmpty ? nil : self }
}

extension [Int] {
  /// Nil if the list is empty, so was not given.
  var given: [Int]? { isEmpty ? nil : self }
}

extension Bool {
  /// Nil unless the flag was given.
  var given: Bool? { self ? true : nil }
}

/// The upper bound of numbers of epochs, which keeps sums of counts far from overflow.
package let manyEpochs = 1_000_000
/// The upper bound of numbers of steps.
package let manySteps = 1_000_000_000
/// The upper bound of numbers of threads.
package let manyThreads = 1024
/// The allowed sides of images, in pixels, also in weight files.
package let inputSizes = 32...8192

/// The allowed batch sizes.
package let batchSizes = 1...65_536
/// The upper bound of numbers that meet the weights, about float32's largest.
let largestFloat = 1e38

/// Throws an error that names the flag and its value if one is given and out of range.
package func require<Value: Comparable>(
  _ value: Value?, _ flag: String, in range: ClosedRange<Value>
) throws(RecipeError) {
  guard let value, !range.contains(value) else { return }
  throw RecipeError("\(flag) \(value): must be from \(range.lowerBound) to \(range.upperBound)")
}

// On the command line these values have the same names as in `recipe.json`.
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

/// The type of `--amp`: apex's levels.
package typealias AmpLevel = Recipe.Precision.Level
