extension Recipe {
  /// Where another recipe has other values: `data.inputSize 64 → 224`, a line each, in alphabetical order.
  ///
  /// - Parameter names: The dotted names to look at; nil looks at all.
  public func changes(to other: Recipe, among names: Set<String>? = nil) -> [String] {
    zip(tree.leaves(), other.tree.leaves()).compactMap { own, other in
      guard own.value != other.value, names?.contains(own.name) ?? true else { return nil }
      return "\(own.name) \(own.value) → \(other.value)"
    }
  }
}
