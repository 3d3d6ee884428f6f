/// A regular expression that extracts an image's group from its path below its class.
public struct GroupPattern {
  /// The expression as given.
  public let text: String
  private let regex: Regex<AnyRegexOutput>

  /// Throws if the expression is not valid.
  public init(_ text: String) throws {
    self.text = text
    regex = try Regex(text)
  }

  /// Returns the first capture group of the first match, or the whole match if the expression captures
  /// nothing; nil for no match or an empty one, which would put unrelated images into one group.
  func group(of path: some Collection<UInt8>) -> [UInt8]? {
    guard let match = String(decoding: path, as: UTF8.self).firstMatch(of: regex) else { return nil }
    let output = match.output
    let group = (output.count > 1 ? output[1] : output[0]).substring ?? ""
    return group.isEmpty ? nil : Array(group.utf8)
  }
}
