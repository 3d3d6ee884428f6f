import Recipe

/// A list as a value that may not be given.
func given(_ list: [Double]) -> [Double]? { list.isEmpty ? nil : list }

/// Whether a number is a probability.
func isChance(_ value: Double) -> Bool { (0...1).contains(value) }

/// Whether a number is a probability that leaves something over.
func isShare(_ value: Double) -> Bool { (0..<1).contains(value) }

/// Whether a number is finite and not negative.
func isNonnegative(_ value: Double) -> Bool { value >= 0 && value.isFinite }

/// Whether a list is the two ends of a range above 0.
func isRising(_ pair: [Double]) -> Bool {
  pair.count == 2 && pair[0] > 0 && pair[0] <= pair[1] && pair[1].isFinite
}

/// Throws an error that names the flag and its value unless `holds`.
func require(
  _ holds: Bool, _ flag: String, _ value: some CustomStringConvertible, _ wanted: String
) throws(RecipeError) {
  if !holds { throw RecipeError("\(flag) \(value): must be \(wanted)") }
}
