import Glibc
public import Recipe
import System

/// Why a run may not write to a folder.
///
/// `description` says which folder, why, and what to do; `exitStatus` is the program's status.
public struct OutputError: Error, Equatable, CustomStringConvertible {
  /// Safe to show on a terminal.
  public let description: String
  /// The documented exit status.
  public let exitStatus: ExitStatus

  init(_ description: String, exitStatus: ExitStatus) {
    self.description = masked(description)
    self.exitStatus = exitStatus
  }
}

extension OutputError {
  /// Makes the error of a file or folder that could not be made or opened just now, from errno.
  ///
  /// - Parameter flags: The flags that choose another place.
  static func unwritable(_ path: String, movedBy flags: String = "--output-dir or --run-dir") -> OutputError {
    let number = errno
    let reason =
      Folders.deadLink(on: path).map { "\($0.link) is a link to \($0.target), and nothing is there" }
      ?? errorText(number)
    return OutputError(
      "cannot write to \(path): \(reason). Choose a folder that this user may write to with \(flags).",
      exitStatus: .inputOutput)
  }
}
