import System

/// A value of the recipe that cannot be used.
///
/// `description` says which value, why, and what to type instead; `exitCode` is the status to end with.
public struct RecipeError: Error, Equatable, CustomStringConvertible {
  /// What is wrong and what to do about it; it quotes flags and files, and a terminal obeys none of it.
  public let description: String
  /// The documented status for it.
  public let exitCode: ExitCode

  /// An error with its message; a mistake on the command line unless said otherwise.
  public init(_ description: String, exitCode: ExitCode = .usage) {
    self.description = masked(description)
    self.exitCode = exitCode
  }
}
