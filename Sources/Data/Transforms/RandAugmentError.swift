/// What can be wrong with a RandAugment configuration such as `rand-m9-mstd0.5-inc1`.
///
/// `description` is made for the user: what happened, where, the likely cause, the next command.
public enum RandAugmentError: Error, Equatable, Sendable {
  /// The configuration starts with another word than `rand`.
  case unknownPolicy(String, configuration: String)
  /// A section whose name means nothing.
  case unknownSection(String, configuration: String)
  /// A section whose number is missing or no good.
  case badValue(String, expected: String, configuration: String)
}

extension RandAugmentError: CustomStringConvertible {
  /// What happened, where, the likely cause and the next command.
  public var description: String {
    switch self {
    case .unknownPolicy(let name, let configuration):
      """
      unknown augmentation "\(name)" in --aa \(configuration): RandAugment is the only one there is. \(Self.advice)
      """
    case .unknownSection(let section, let configuration):
      """
      unknown section "\(section)" in --aa \(configuration): after rand come mN (magnitude 0 to 10), nN (operations a \
      picture), mstdX (deviation of the magnitude), inc1 (growing with the magnitude) and w0 (weighted choice), \
      joined by dashes. \(Self.advice)
      """
    case .badValue(let section, let expected, let configuration):
      "bad section \"\(section)\" in --aa \(configuration): expected \(expected). \(Self.advice)"
    }
  }

  private static let advice = "The reference's setting: --aa rand-m9-mstd0.5-inc1"
}
