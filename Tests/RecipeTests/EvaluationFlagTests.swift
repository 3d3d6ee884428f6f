import ArgumentParser
import Foundation
import Recipe
import Testing

@testable import Flags

@Suite struct EvaluationFlagTests {
  /// A file of weights to name; it need not hold any.
  private let file = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID()).pth").path

  private func flags(_ arguments: String...) throws -> [String] {
    _ = FileManager.default.createFile(atPath: file, contents: nil)
    defer { try? FileManager.default.removeItem(atPath: file) }
    return try EvaluationFlags.parse([file, "--data-path", "D"] + arguments).trainingFlags().arguments
  }

  @Test func `it is an evaluation by train, with a report beside the weights`() throws {
    let stem = file.dropLast(4)
    #expect(
      try flags() == [
        "--eval", "--resume", file, "--data-path", "D", "--report-dir", "\(stem)-evaluation",
      ])
    #expect(try flags("--split", "test", "--use-ema").contains("\(stem)-ema-evaluation-test"))
    #expect(try flags("--output-dir", "X").suffix(2) == ["--report-dir", "X"])
  }

  @Test func `train takes every flag of it`() throws {
    let given = try flags(
      "--split", "test", "--model", "pcpvt_small_v0", "--input-size", "64", "--crop-pct", "1",
      "--batch-size", "8", "--amp", "O1", "--use-ema", "--threads", "1", "--num-workers", "2", "--device",
      "cpu", "--no-shards-by-host")
    let request = try TrainingFlags.parse(given).request()
    let recipe = try request.recipe(worldSize: 1)
    #expect(request.run.split == "test" && request.run.eval && request.run.useEma)
    #expect((recipe.data.inputSize, recipe.data.batchSize, recipe.data.cropPercent) == (64, 8, 1))
    #expect(request.names("data.shardsByHost") && !recipe.data.shardsByHost)
    let byHost = try TrainingFlags.parse(flags("--shards-by-host")).request().recipe(worldSize: 1)
    #expect(byHost.data.shardsByHost)
  }

  @Test func `a report or a split without an evaluation is refused, and a path is no split`() throws {
    for arguments in [["--report-dir", "X"], ["--split", "test"], ["--eval", "--split", "a/b"]] {
      #expect(throws: RecipeError.self) { try TrainingFlags.parse(arguments).request() }
    }
  }

  @Test func `what weights and flags leave open is named with the flag that sets it`() throws {
    let request = try TrainingFlags.parse(["--eval", "--model", "alt_gvt_base"]).request()
    #expect(
      request.assumption(of: [])
        == "224 pixels (--input-size), crop 0.875 (--crop-pct), center (--crop-mode), mean 0.485 0.456 0.406 (--mean), "
        + "deviation 0.229 0.224 0.225 (--std)")
    #expect(request.assumption(of: Set(Recipe.Images.preprocessingNames)) == nil)
  }
}
