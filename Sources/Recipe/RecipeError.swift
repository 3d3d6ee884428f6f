import System

/// An invalid value of the recipe.
///
/// `description` says which value, why, and what to type instead; `exitStatus` is the program's status.
public struct RecipeError: Error, Equatable, CustomStringConvertible {
  /// What is wrong and what to do; flags and files are quoted without terminal control characters.
  public let description: String
  /// The documented exit status.
  public let exitStatus: ExitStatus

  /// Makes an error; by default a mistake on the command line.
  public init(_ description: String, exitStatus: ExitStatus = .usage) {
    self.description = masked(description)
    self.exitStatus = exitStatus
  }
}
