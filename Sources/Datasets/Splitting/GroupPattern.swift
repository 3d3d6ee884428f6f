/// A regular expression that names an image's group by its path below its class.
public struct GroupPattern {
  /// As it was given.
  public let text: String
  private let regex: Regex<AnyRegexOutput>

  /// Throws what is wrong with an expression that is none.
  public init(_ text: String) throws {
    self.text = text
    regex = try Regex(text)
  }

  /// The first capture group of the first match, or the whole match where the expression captures nothing; nil for no match,
  /// and for nothing: images would be of one group because nobody knows theirs.
  func group(of path: some Collection<UInt8>) -> [UInt8]? {
    guard let match = String(decoding: path, as: UTF8.self).firstMatch(of: regex) else { return nil }
    let output = match.output
    let group = (output.count > 1 ? output[1] : output[0]).substring ?? ""
    return group.isEmpty ? nil : Array(group.utf8)
  }
}
