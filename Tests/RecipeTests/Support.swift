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

/// What a command line comes to, by way of its request.
extension TrainingFlags {
  func recipe(worldSize: Int, over saved: SavedValues? = nil) throws(RecipeError) -> Recipe {
    try request().recipe(worldSize: worldSize, over: saved)
  }

  func settings(worldSize: Int, over saved: SavedValues? = nil) throws(RecipeError) -> Settings {
    try request().settings(worldSize: worldSize, over: saved)
  }

  func configuration(worldSize: Int) throws(RecipeError) -> String {
    try request().configuration(worldSize: worldSize)
  }

  func outputFolder(over saved: SavedValues? = nil) throws(RecipeError) -> String {
    try request().outputFolder(over: saved)
  }

  func warnings(
    worldSize: Int, over saved: SavedValues? = nil, onCard: Bool = false, hosts: Int = 1,
    sumsTravel: Bool = true
  ) throws(RecipeError) -> [String] {
    try request().warnings(
      worldSize: worldSize, over: saved, onCard: onCard, hosts: hosts, sumsTravel: sumsTravel)
  }
}
