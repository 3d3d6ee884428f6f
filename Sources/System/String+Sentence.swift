extension String {
  /// The text with a full stop, unless it has one.
  package var asSentence: String { hasSuffix(".") ? self : self + "." }
}
