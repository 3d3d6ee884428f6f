extension String {
  /// The text with the point that ends a sentence, unless it has one.
  package var asSentence: String { hasSuffix(".") ? self : self + "." }
}
