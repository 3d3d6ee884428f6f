import Foundation
import Recipe
import Testing

@testable import Flags

/// What a launcher reads once and hands to its workers.
@Suite struct RunRequestTests {
  private func handedOver(_ request: RunRequest) throws -> RunRequest? {
    try withFile(String(decoding: request.document, as: UTF8.self)) { path in
      let file = try #require(FileHandle(forReadingAtPath: path))
      // Somebody else with the same open file has read it before.
      _ = try file.readToEnd()
      return try RunRequest.inherited([RunRequest.variable: "\(file.fileDescriptor)"])
    }
  }

  @Test(arguments: SettingsTests.cases.map(\.line))
  func `a value gets to the workers as it was given`(line: String) throws {
    let request = try parse(words(line)).request()
    #expect(try handedOver(request) == request)
  }

  @Test func `what decides no number gets there too`() throws {
    let line =
      "--output-dir o --device cpu --recipe small --resume auto --finetune f --use-ema --no-eval --skip-damaged 3 "
      + "--checkpoint-every 7 --checkpoint-copies 2 --keep 4 --log-every 2 --threads 3 --num-workers 0 --no-shard-optimizer --no-overlap "
      + "--no-graph --deterministic --bucket-megabytes 1 --check-weights-every 5 --dist-eval --cache ram --cache-limit 8G"
    let request = try parse(words(line)).request()
    let worker = try #require(try handedOver(request))
    #expect(worker == request)
    #expect(try worker.warnings(worldSize: 2) == request.warnings(worldSize: 2))
    #expect(try worker.configuration(worldSize: 2) == request.configuration(worldSize: 2))
  }

  @Test func `a checkpoint that a worker finds lies under what was given, and over a named recipe`() throws {
    let saved = SavedValues(
      of: try parse("--lr", "0.25", "--mixup", "0.3").recipe(worldSize: 2), source: "OUT")
    try withFile(#"{"smoothing": 0, "schedule": {"rate": 0.75}}"#) { path in
      let request = try parse("--config", path, "--epochs", "5", "--recipe", "small").request()
      let settings = try #require(try handedOver(request)).settings(worldSize: 2, over: saved)
      #expect(settings.recipe.mixing.mixup == 0.3 && settings.recipe.schedule.rate == 0.75)
      #expect(settings.recipe.smoothing == 0 && settings.recipe.schedule.epochs == 5)
      #expect(settings.origins["schedule.rate"] == .file(path))
      #expect(settings.origins["mixing.mixup"] == .saved("OUT"))
      #expect(settings.origins["schedule.epochs"] == .flag("--epochs"))
    }
  }

  @Test func `a network as it was spelt names the output folder`() throws {
    let request = try parse("--model", "twins_svt_base").request()
    #expect(try handedOver(request)?.outputFolder() == "./twins_svt_base")
  }

  @Test func `what workers do not do is not said of them`() throws {
    let request = try parse("--eval", "--overwrite", "--dist-eval").request().withoutOverwriting()
    #expect(!request.run.overwrite)
    #expect(
      try request.warnings(worldSize: 2) == [
        "no effect: --dist-eval (evaluation is always spread over the workers)"
      ])
  }

  @Test func `a worker without a launcher inherits nothing`() throws {
    #expect(try RunRequest.inherited([:]) == nil)
  }

  @Test(arguments: ["987654", "word", ""])
  func `what is no request is called so`(number: String) {
    let error = #expect(throws: RecipeError.self) {
      try RunRequest.inherited([RunRequest.variable: number])
    }
    #expect(
      error?.description.hasPrefix("TWINS_RUN_FD=\(number): no launcher's request can be read there") == true)
    #expect(error?.exitStatus == .badConfiguration)
  }
}
