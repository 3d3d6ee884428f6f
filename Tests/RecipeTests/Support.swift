import ArgumentParser
import Foundation
import Recipe

@testable import Flags

/// Parses a command line as both programs do; `--data-path` is given.
func parse(_ arguments: String...) throws -> TrainingFlags { try parse(arguments) }

func parse(_ arguments: [String]) throws -> TrainingFlags {
  try TrainingFlags.parse(normalizedArguments(["--data-path", "DIR"] + arguments))
}

/// The words of a command line without quotes.
func words(_ line: String) -> [String] { line.split(separator: " ").map(String.init) }

/// Calls `body` with the path of a file that says `text`, and removes it.
func withFile<Result>(_ text: String, _ body: (String) throws -> Result) throws -> Result {
  let path = FileManager.default.temporaryDirectory.appendingPathComponent("recipe-\(UUID().uuidString).json")
    .path
  try text.write(toFile: path, atomically: false, encoding: .utf8)
  defer { try? FileManager.default.removeItem(atPath: path) }
  return try body(path)
}
