/// A number of things: `1 worker`, `8 workers`, `2 classes`.
///
/// - Parameter several: What more than one are called, where that is not the word with an s.
public func counted(_ count: Int, _ one: String, _ several: String? = nil) -> String {
  "\(count) \(noun(count, one, several))"
}

/// What so many are called, without the number.
public func noun(_ count: Int, _ one: String, _ several: String? = nil) -> String {
  count == 1 ? one : several ?? one + "s"
}
