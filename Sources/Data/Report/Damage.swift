/// A picture whose content cannot be used, and whose place in a batch its successor took.
public struct Damage: Equatable, Sendable {
  /// The picture's number in its folder.
  public let picture: Int
  /// What is wrong with it.
  public let error: DataError
}
