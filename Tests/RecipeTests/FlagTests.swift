import ArgumentParser
import Recipe
import Testing

@testable import Flags

@Suite struct FlagTests {
  /// The command line of Twins' `main.py` with each of its flags, spelt there and at its default there.
  static let reference = words(
    """
    --batch-size 64 --epochs 300 --model alt_gvt_small --input-size 224 --drop 0.0 --drop-path 0.1 --opt adamw
    --opt-eps 1e-8 --opt-betas 0.9 0.999 --clip-grad 5 --momentum 0.9 --weight-decay 0.05 --sched cosine --lr 5e-4
    --lr-noise-pct 0.67 --lr-noise-std 1.0 --warmup-lr 1e-6 --min-lr 1e-5 --decay-epochs 30 --warmup-epochs 5
    --cooldown-epochs 10 --patience-epochs 10 --decay-rate 0.1 --dr 0.1 --color-jitter 0.4
    --aa rand-m9-mstd0.5-inc1 --smoothing 0.1 --train-interpolation bicubic --no-repeated-aug --reprob 0.25
    --remode pixel --recount 1 --resplit --mixup 0.8 --cutmix 1.0 --mixup-prob 1.0 --mixup-switch-prob 0.5
    --mixup-mode batch --finetune= --data-set IMNET --use-mcloader --inat-category name --output_dir=
    --device cuda --seed 0 --resume= --start_epoch 0 --dist-eval --num_workers 10 --pin-mem --world_size 1
    --dist_url env://
    """.replacing("\n", with: " "))

  @Test func `every default is the reference's`() throws {
    #expect(try parse(Self.reference).recipe(worldSize: 1) == parse().recipe(worldSize: 1))
  }

  @Test func `the default flags are the default recipe`() throws {
    var recipe = Recipe()
    recipe.data.path = "DIR"
    recipe.schedule.base = 5e-4 * 64 / 512
    #expect(try parse().recipe(worldSize: 1) == recipe)
  }

  @Test func `defaults that the reference has no flag for`() throws {
    let recipe = try parse().recipe(worldSize: 1)
    #expect((recipe.data.cropScale, recipe.data.cropRatio) == ([0.08, 1], [3.0 / 4, 4.0 / 3]))
    #expect((recipe.data.flip, recipe.data.cropPercent) == (0.5, 224.0 / 256))
    #expect((recipe.mixing.cutmixMinMax, recipe.schedule.stepLimit) == (nil, nil))
    #expect((recipe.accumulation, recipe.ema.enabled, recipe.ema.decay) == (1, false, 0.99996))
    #expect((recipe.precision.level, recipe.precision.dtype) == (.O0, .bfloat16))
    #expect(recipe.data.augments && recipe.data.shuffles && recipe.schedule.scalesRate)
  }

  @Test func `what decides no number has a default too`() throws {
    let run = try parse("--output_dir", "", "--resume", "", "--finetune", "").run
    #expect((run.outputDir, run.resume, run.finetune) == (nil, nil, nil))
    #expect((run.keep, run.logEvery, run.threads, run.numWorkers) == (2, 10, nil, nil))
    #expect(
      (run.shardOptimizer, run.noOverlap, run.noGraph, run.bucketMegabytes, run.checkWeightsEvery) == (
        nil, false, false, nil, nil
      ))
    #expect(!run.eval && !run.throughput && !run.noEval && !run.printConfig)
    #expect(try parse("--throughout").run.throughput)
  }

  @Test(arguments: [
    ("1000", 1000), ("8G", 8 << 30), ("500m", 500 << 20), ("64KB", 64 << 10), ("2TiB", 2 << 40),
  ])
  func `a size is a number with a unit`(text: String, bytes: Int) throws {
    #expect(try parse("--cache", "ram", "--cache-limit", text).request().run.cache?.limit == bytes)
  }

  @Test(arguments: ["0", "-1G", "1.5G", "G", "8Gb/s", "9000000T", "8 G", "۸G"])
  func `what is no size is refused`(text: String) {
    #expect(throws: (any Error).self) { try TrainingFlags.parse(["--cache-limit=\(text)"]) }
  }

  @Test(arguments: [
    ["--batch-size", "7"], ["--batch_size", "7"], ["--batch-size=7"], ["--batch_size=7"],
  ])
  func `every spelling of a flag is accepted`(spelling: [String]) throws {
    let flags = try TrainingFlags.parse(normalizedArguments(["--data_path=a_b/c_d"] + spelling))
    #expect(flags.images.batchSize == 7)
    #expect(flags.images.dataPath == "a_b/c_d")
  }

  @Test func `only names of flags are normalised`() {
    #expect(
      normalizedArguments(["--a_b", "c_d", "-e_f", "--g_h=i_j=k_l", "--", "--m_n", "-1"])
        == ["--a-b", "c_d", "-e_f", "--g-h=i_j=k_l", "--", "--m_n", "-1"])
  }

  @Test func `an empty value is a value`() {
    #expect(normalizedArguments(["--out_put=", "--a="]) == ["--out-put", "", "--a", ""])
  }

  @Test func `a negative number is the value of the flag before it`() throws {
    #expect(
      normalizedArguments(["--a", "-1e-3", "--b=2", "-1", "-h"]) == ["--a=-1e-3", "--b=2", "-1", "-h"])
    let error = #expect(throws: RecipeError.self) { try parse("--mixup", "-1").recipe(worldSize: 1) }
    #expect(error?.description == "--mixup -1.0: must be from 0 to 1000")
  }

  @Test(arguments: ["--bath-size", "--bath_size", "--batchsize"])
  func `an unknown flag is answered with the nearest`(flag: String) throws {
    let error = #expect(throws: (any Error).self) { try parse(flag, "3") }
    let message = error.map { TrainingFlags.message(for: $0) } ?? ""
    #expect(message.contains("Did you mean '--batch-size'?"))
  }

  @Test func `the learning rate grows with the images in an update`() throws {
    let flags = try parse("--batch-size", "128", "--lr", "5e-4")
    #expect(try flags.recipe(worldSize: 8).schedule.base == 1e-3)
    #expect(try flags.recipe(worldSize: 1).schedule.base == 1.25e-4)
    let accumulated = try parse("--batch-size", "64", "--accumulate", "2")
    #expect(try accumulated.recipe(worldSize: 8).schedule.base == 1e-3)
    let asGiven = try parse("--batch-size", "128", "--lr", "1e-3", "--no-lr-scaling")
    #expect(try asGiven.recipe(worldSize: 8).schedule.base == 1e-3)
    // The reference leaves both ends of the schedule alone.
    #expect(try flags.recipe(worldSize: 8).schedule.warmup == 1e-6)
    #expect(try flags.recipe(worldSize: 8).schedule.minimum == 1e-5)
  }

  @Test func `the output folder is the model's name as it was typed`() throws {
    #expect(try parse().outputFolder() == "./alt_gvt_small")
    #expect(try parse("--model", "twins_svt_base").outputFolder() == "./twins_svt_base")
    #expect(try parse("--output_dir", "out").outputFolder() == "out")
  }

  @Test(arguments: ["cpu", "cuda", "gpu", "gp", "npu"])
  func `every word for a device is known`(word: String) throws {
    #expect(try parse("--device", word).run.device?.rawValue == word)
  }

  @Test func `fine-tuning takes a file, and the port's two flags`() throws {
    #expect(try parse("--finetune", "a.pth").run.finetune == "a.pth")
    let port = try parse("--finetune", "yes", "--resume", "a.pth").run
    #expect((port.finetune, port.resume) == ("a.pth", nil))
    #expect(throws: RecipeError.self) {
      try parse("--finetune", "a.pth", "--resume", "b").recipe(worldSize: 1)
    }
    _ = try parse("--finetune", "a.pth", "--resume", "auto").recipe(worldSize: 1)
  }
}
