/// A number with its noun: `1 worker`, `8 workers`, `2 classes`.
///
/// - Parameter several: The plural, if it is not the word with an s.
public func counted(_ count: Int, _ one: String, _ several: String? = nil) -> String {
  "\(count) \(noun(count, one, several))"
}

/// The noun for this number, without the number.
public func noun(_ count: Int, _ one: String, _ several: String? = nil) -> String {
  count == 1 ? one : several ?? one + "s"
}
