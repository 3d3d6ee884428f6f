import System

/// A value of the recipe that cannot be used.
///
/// `description` says which value, why, and what to type instead; `exitStatus` is the status to end with.
public struct RecipeError: Error, Equatable, CustomStringConvertible {
  /// What is wrong and what to do about it; it quotes flags and files, and a terminal obeys none of it.
  public let description: String
  /// The documented status for it.
  public let exitStatus: ExitStatus

  /// An error with its message; a mistake on the command line unless said otherwise.
  public init(_ description: String, exitStatus: ExitStatus = .usage) {
    self.description = masked(description)
    self.exitStatus = exitStatus
  }
}
