import ArgumentParser
import Recipe
import Testing

@testable import Flags

/// Parses a command line as both programs do; `--data-path` is given.
func parse(_ arguments: String...) throws -> TrainingFlags { try parse(arguments) }

func parse(_ arguments: [String]) throws -> TrainingFlags {
  try TrainingFlags.parse(normalizedArguments(["--data-path", "DIR"] + arguments))
}

@Suite struct FlagTests {
  @Test func `every default is the reference's`() throws {
    let flags = try parse()
    #expect(flags.pictures.batchSize == 64)
    #expect(flags.pictures.inputSize == 224)
    #expect(flags.pictures.scale == [0.08, 1])
    #expect(flags.pictures.ratio == [3.0 / 4, 4.0 / 3])
    #expect(flags.pictures.hflip == 0.5)
    #expect(flags.pictures.cropPct == 224.0 / 256)
    #expect(flags.network.dropPath == 0.1)
    #expect(flags.network.seed == 0)
    #expect(flags.schedule.epochs == 300)
    #expect(flags.schedule.lr == 5e-4)
    #expect((flags.schedule.warmupEpochs, flags.schedule.warmupLr, flags.schedule.minLr) == (5, 1e-6, 1e-5))
    #expect(flags.schedule.maxStep == nil)
    #expect(flags.optimizer.weightDecay == 0.05)
    #expect(flags.optimizer.optBetas == [0.9, 0.999])
    #expect(flags.optimizer.optEps == 1e-8)
    #expect(flags.optimizer.clipGrad == 5)
    #expect(flags.optimizer.smoothing == 0.1)
    #expect(flags.run.resume == nil)
    #expect(!flags.run.eval && !flags.run.distEval)
    #expect(flags.outputFolder == "./alt_gvt_small")
  }

  @Test func `the default flags are the default recipe`() throws {
    var recipe = Recipe()
    recipe.data.path = "DIR"
    recipe.schedule.base = 5e-4 * 64 / 512
    #expect(try parse().recipe(worldSize: 1) == recipe)
  }

  @Test(arguments: [
    ["--batch-size", "7"], ["--batch_size", "7"], ["--batch-size=7"], ["--batch_size=7"],
  ])
  func `every spelling of a flag is accepted`(spelling: [String]) throws {
    let flags = try TrainingFlags.parse(normalizedArguments(["--data_path=a_b/c_d"] + spelling))
    #expect(flags.pictures.batchSize == 7)
    #expect(flags.pictures.dataPath == "a_b/c_d")
  }

  @Test func `only names of flags are normalised`() {
    #expect(
      normalizedArguments(["--a_b", "c_d", "-e_f", "--g_h=i_j=k_l", "--", "--m_n"])
        == ["--a-b", "c_d", "-e_f", "--g-h=i_j=k_l", "--", "--m_n"])
  }

  @Test func `two numbers follow one flag`() throws {
    let recipe = try parse("--opt-betas", "0.8", "0.95", "--scale", "0.2", "0.9", "--ratio", "1", "2")
      .recipe(worldSize: 1)
    #expect((recipe.optimizer.beta1, recipe.optimizer.beta2) == (0.8, 0.95))
    #expect(recipe.data.cropScale == [0.2, 0.9])
    #expect(recipe.data.cropRatio == [1, 2])
  }

  @Test func `the learning rate grows with the pictures in a step`() throws {
    let flags = try parse("--batch-size", "128", "--lr", "5e-4")
    #expect(try flags.recipe(worldSize: 8).schedule.base == 1e-3)
    #expect(try flags.recipe(worldSize: 1).schedule.base == 1.25e-4)
    let asGiven = try parse("--batch-size", "128", "--lr", "1e-3", "--no-lr-scaling")
    #expect(try asGiven.recipe(worldSize: 8).schedule.base == 1e-3)
    // The reference leaves both ends of the schedule alone.
    #expect(try flags.recipe(worldSize: 8).schedule.warmup == 1e-6)
    #expect(try flags.recipe(worldSize: 8).schedule.minimum == 1e-5)
  }

  @Test func `flags become the recipe's values`() throws {
    let recipe = try parse(
      "--model", "twins_svt_base", "--drop-path", "0.3", "--epochs", "100", "--max_step", "9", "--amp", "O1",
      "--seed", "11", "--clip-grad", "0", "--no-aug", "--no-shuffle", "--smoothing", "0", "--opt-eps", "1e-6",
      "--weight-decay", "0.1", "--hflip", "0", "--crop-pct", "1", "--input-size", "64", "--warmup-epochs",
      "0",
      "--warmup-lr", "1e-7", "--min-lr", "0"
    ).recipe(worldSize: 2)
    #expect(recipe.model.name == "alt_gvt_base")
    #expect(recipe.model.dropPath == 0.3)
    #expect((recipe.schedule.epochs, recipe.schedule.stepLimit) == (100, 9))
    #expect((recipe.schedule.warmupEpochs, recipe.schedule.warmup, recipe.schedule.minimum) == (0, 1e-7, 0))
    #expect(recipe.precision == .bfloat16)
    #expect((recipe.seed, recipe.worldSize) == (11, 2))
    #expect(recipe.optimizer.clip == nil)
    #expect((recipe.optimizer.epsilon, recipe.optimizer.weightDecay) == (1e-6, 0.1))
    #expect(recipe.smoothing == 0)
    #expect(!recipe.data.augments && !recipe.data.shuffles)
    #expect((recipe.data.flip, recipe.data.cropPercent, recipe.data.inputSize) == (0, 1, 64))
  }

  @Test func `the output folder is the model's name as it was typed`() throws {
    #expect(try parse("--model", "twins_svt_base").outputFolder == "./twins_svt_base")
    #expect(try parse("--output_dir", "out").outputFolder == "out")
  }

  @Test(arguments: ["cpu", "cuda", "gpu", "gp", "npu"])
  func `every word for a device is known`(word: String) throws {
    #expect(try parse("--device", word).run.device?.rawValue == word)
  }
}
