import ArgumentParser
import Recipe
import Testing

@testable import Flags

/// What a checkpoint or weights say of themselves, under the flags.
@Suite struct SavedValuesTests {
  /// As a run had it that was started with these flags.
  private func saved(_ line: String, workers: Int = 2) throws -> SavedValues {
    SavedValues(of: try parse(words(line)).recipe(worldSize: workers), source: "OUT/checkpoints/epoch-0003")
  }

  @Test func `a checkpoint's values are the defaults of the run that goes on`() throws {
    let saved = try saved("--model alt_gvt_nano --input-size 64 --mixup 0 --batch-size 6 --opt-betas 0.8 0.9")
    let recipe = try TrainingFlags.parse([]).recipe(worldSize: 2, over: saved)
    #expect(saved.changes(in: recipe) == [])
    #expect(recipe.data.path == "DIR" && recipe.data.inputSize == 64)
  }

  @Test func `flags and a file lie over a checkpoint's values, and each change is a line`() throws {
    let saved = try saved("--model alt_gvt_nano --input-size 64 --lr 0.001 --no-lr-scaling --clip-grad 0")
    try withFile(#"{"mixing": {"mixup": 0}, "schedule": {"epochs": 300}}"#) { path in
      let flags = try parse(
        "--config", path, "--input-size", "224", "--lr", "0.001", "--clip-grad", "1", "--data-path", "ELSE")
      let settings = try flags.settings(worldSize: 4, over: saved)
      #expect(
        saved.changes(in: settings.recipe) == [
          "data.inputSize 64 → 224", "data.path DIR → ELSE", "mixing.mixup 0.8 → 0",
          "optimizer.clip none → 1", "worldSize 2 → 4",
        ])
      #expect(settings.origins["model.name"]?.description == saved.source)
      #expect(settings.origins["mixing.mixup"] == .file(path))
    }
  }

  @Test func `a named recipe and a first epoch are for runs that begin`() throws {
    let flags = try parse("--recipe", "small", "--start-epoch", "2")
    let saved = try saved("--mixup 0.3")
    let settings = try flags.settings(worldSize: 2, over: saved)
    #expect(settings.recipe.mixing.mixup == 0.3)
    #expect(
      try flags.warnings(worldSize: 2, over: saved) == [
        "no effect: --recipe (the run goes on with the values of its checkpoint)",
        "no effect: --start-epoch (the run goes on after its checkpoint)",
      ])
    #expect(try flags.warnings(worldSize: 2) == [])
  }

  @Test func `a value of a damaged checkpoint is called the checkpoint's`() throws {
    var recipe = Recipe()
    (recipe.data.path, recipe.data.inputSize) = ("DIR", 7)
    let saved = SavedValues(of: recipe, source: "OUT/checkpoints/epoch-0003")
    let error = #expect(throws: RecipeError.self) {
      try TrainingFlags.parse([]).recipe(worldSize: 1, over: saved)
    }
    #expect(
      error?.description == "OUT/checkpoints/epoch-0003: data.inputSize 7: must be from 32 to 8192")
    #expect(error?.exitStatus == .badConfiguration)
  }

  @Test func `weights say model, size and crop, and flags say otherwise`() throws {
    let weights = SavedValues(
      model: "twins_svt_base", images: .init(inputSize: 96, cropPercent: 0.9), source: "best.safetensors")
    let plain = try parse("--eval", "--resume", "best.safetensors").recipe(worldSize: 1, over: weights)
    #expect((plain.model.name, plain.data.inputSize, plain.data.cropPercent) == ("alt_gvt_base", 96, 0.9))
    #expect(weights.changes(in: plain, evaluates: true) == [])
    let other = try parse("--eval", "--input-size", "128").recipe(worldSize: 1, over: weights)
    #expect(weights.changes(in: other, evaluates: true) == ["data.inputSize 96 → 128"])
  }

  @Test func `an evaluation tells of what it depends on alone`() throws {
    let saved = try saved("--input-size 64 --lr 0.001")
    let recipe = try parse("--eval", "--lr", "0.1", "--crop-pct", "1").recipe(worldSize: 1, over: saved)
    #expect(saved.changes(in: recipe, evaluates: true) == ["data.cropPercent 0.875 → 1"])
  }

  @Test func `a run that goes on writes where it wrote`() throws {
    var values = try saved("--model alt_gvt_nano")
    #expect(try TrainingFlags.parse([]).outputFolder(over: values) == "./alt_gvt_nano")
    values.outputFolder = "OUT"
    #expect(try TrainingFlags.parse([]).outputFolder(over: values) == "OUT")
    #expect(try parse("--output-dir", "NEW").outputFolder(over: values) == "NEW")
    values.outputFolder = nil
    let folder = try withFile(#"{"smoothing": 0}"#) { path in
      try parse("--config", path).outputFolder(over: values)
    }
    #expect(folder == "./alt_gvt_nano")
  }
}
