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

  /// The first capture group of the first match, or the whole match where the expression captures nothing; nil for no match.
  func group(of path: some Collection<UInt8>) -> [UInt8]? {
    guard let match = String(decoding: path, as: UTF8.self).firstMatch(of: regex) else { return nil }
    let output = match.output
    return (output.count > 1 ? output[1] : output[0]).substring.map { Array($0.utf8) }
  }
}
