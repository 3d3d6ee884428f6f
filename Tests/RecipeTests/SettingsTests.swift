import ArgumentParser
import Recipe
import Testing

@testable import Flags

@Suite struct SettingsTests {
  /// A command line, the value that it sets, and what the value is then.
  static let cases: [(line: String, name: String, value: String)] = [
    ("--accumulate 3", "accumulation", "3"), ("--no-aug", "data.augments", "false"),
    ("--aa none", "data.autoAugment", "''"), ("--batch-size 7", "data.batchSize", "7"),
    ("--color-jitter 0.1", "data.colorJitter", "0.1"), ("--crop-pct 1", "data.cropPercent", "1"),
    ("--teacher t.pth", "distillation.teacher", "t.pth"),
    ("--teacher-model twins_svt_base", "distillation.model", "alt_gvt_base"),
    ("--distillation-type soft", "distillation.kind", "soft"),
    ("--distillation-alpha 0.2", "distillation.share", "0.2"),
    ("--distillation-tau 3", "distillation.temperature", "3"),
    ("--crop-mode squash", "data.cropMode", "squash"), ("--val-split 0.2", "data.heldOut", "0.2"),
    ("--shards-by-host", "data.shardsByHost", "true"),
    ("--mean 0.5 0.5 0.5", "data.means", "0.5 0.5 0.5"),
    ("--std 0.5 0.5 0.25", "data.deviations", "0.5 0.5 0.25"),
    ("--ratio 1 2", "data.cropRatio", "1 2"), ("--scale 0.2 0.9", "data.cropScale", "0.2 0.9"),
    ("--recount 2", "data.erasing.count", "2"), ("--remode const", "data.erasing.mode", "const"),
    ("--reprob 0", "data.erasing.probability", "0"), ("--hflip 0", "data.flip", "0"),
    ("--input-size 64", "data.inputSize", "64"),
    ("--train-interpolation random", "data.interpolation", "random"),
    ("--train-interpolation lanczos", "data.interpolation", "lanczos"),
    ("--train-interpolation box", "data.interpolation", "box"),
    ("--data-path X", "data.path", "X"), ("--repeated-aug", "data.repeatedAugmentation", "true"),
    ("--no-shuffle", "data.shuffles", "false"), ("--model-ema-decay 0.9", "ema.decay", "0.9"),
    ("--model-ema", "ema.enabled", "true"), ("--model-ema-warmup", "ema.warmup", "true"),
    ("--no-model-ema-warmup", "ema.warmup", "false"), ("--cutmix 0", "mixing.cutmix", "0"),
    ("--cutmix-minmax 0.2 0.8", "mixing.cutmixMinMax", "0.2 0.8"), ("--mixup 0", "mixing.mixup", "0"),
    ("--mixup-mode elem", "mixing.mode", "elem"), ("--mixup-prob 0.5", "mixing.probability", "0.5"),
    ("--mixup-switch-prob 1", "mixing.switchProbability", "1"), ("--drop-path 0.3", "model.dropPath", "0.3"),
    ("--drop 0.2", "model.dropout", "0.2"), ("--model twins_svt_base", "model.name", "alt_gvt_base"),
    ("--clip-grad 0", "optimizer.clip", "none"), ("--opt-eps 1e-6", "optimizer.epsilon", "1e-06"),
    ("--opt SGD", "optimizer.kind", "sgd"), ("--momentum 0.8", "optimizer.momentum", "0.8"),
    ("--weight-decay 0.1", "optimizer.weightDecay", "0.1"),
    ("--amp-dtype float16", "precision.dtype", "float16"),
    ("--gradient-wire bfloat16", "precision.gradientWire", "bfloat16"),
    ("--sum-group 2", "precision.sumGroup", "2"), ("--kernels reference", "precision.kernels", "reference"),
    ("--amp O1", "precision.level", "O1"), ("--epochs 100", "schedule.epochs", "100"),
    ("--min-lr 0", "schedule.minimum", "0"), ("--lr 0.1", "schedule.rate", "0.1"),
    ("--no-lr-scaling", "schedule.scalesRate", "false"), ("--start-epoch 4", "schedule.startEpoch", "4"),
    ("--max-step 9", "schedule.stepLimit", "9"), ("--warmup-lr 1e-7", "schedule.warmup", "1e-07"),
    ("--warmup-epochs 0", "schedule.warmupEpochs", "0"), ("--sched poly", "schedule.kind", "poly"),
    ("--sched-on-updates", "schedule.onUpdates", "true"), ("--lr-cycle-limit 3", "schedule.cycleLimit", "3"),
    ("--lr-cycle-mul 2", "schedule.cycleMultiplier", "2"),
    ("--lr-cycle-decay 0.1", "schedule.cycleDecay", "0.1"),
    ("--decay-epochs 2.4", "schedule.decayEpochs", "2.4"),
    ("--decay-milestones 10 20", "schedule.milestones", "10 20"),
    ("--decay-rate 0.5", "schedule.decayRate", "0.5"),
    ("--patience-epochs 3", "schedule.patience", "3"), ("--freeze stages:0-2", "tuning.frozen", "stages:0-2"),
    ("--unfreeze-at 5", "tuning.unfreezeEpoch", "5"), ("--layer-decay 0.7", "tuning.layerDecay", "0.7"),
    ("--head-lr 0.01", "tuning.headRate", "0.01"), ("--monitor loss", "judging.monitor", "loss"),
    ("--early-stop 3", "judging.earlyStop", "3"), ("--eval-every 2", "judging.interval", "2"),
    ("--clip-mode agc", "optimizer.clipMode", "agc"), ("--tta", "judging.mirrors", "true"),
    ("--vflip 0.5", "data.verticalFlip", "0.5"), ("--fast-decode", "data.decodesFast", "true"),
    ("--sampler balanced", "data.sampling", "balanced"), ("--mixup-off-epoch 7", "mixing.offEpoch", "7"),
    ("--loss bce", "loss.kind", "bce"), ("--focal-gamma 1", "loss.gamma", "1"),
    ("--class-weights balanced", "loss.classWeights", "balanced"),
    ("--validation-batch-size 9", "judging.batchSize", "9"),
    ("--seed 18446744073709551615", "seed", "\(UInt64.max)"),
    ("--smoothing 0", "smoothing", "0"),
  ]

  @Test(arguments: cases)
  func `a flag sets one value and is named as its origin`(
    line: String, name: String, value: String
  ) throws {
    let arguments = words(line)
    for spelling in [
      arguments, [arguments[0].replacing("-", with: "_").replacing("__", with: "--")] + arguments.dropFirst(),
    ] {
      let settings = try parse(spelling).settings(worldSize: 1)
      #expect(leaves(settings)[name] == value)
      #expect(settings.origins[name] == .flag(arguments[0]))
      #expect(changed(settings).subtracting(["schedule.base"]) == [name])
    }
  }

  @Test func `both decay rates have one flag`() throws {
    let settings = try parse("--opt-betas", "0.8", "0.95").settings(worldSize: 1)
    #expect(changed(settings) == ["optimizer.beta1", "optimizer.beta2"])
    #expect((settings.recipe.optimizer.beta1, settings.recipe.optimizer.beta2) == (0.8, 0.95))
  }

  /// A value without a flag could not be set; one in a file alone could.
  @Test func `every value has its flag`() {
    let without: Set = [
      "data.imagesHeldOut", "distillation.weightsOfTeacher", "loss.weightsOfFile", "optimizer.beta1",
      "optimizer.beta2",
      "schedule.base", "worldSize",
    ]
    #expect(Set(Self.cases.map(\.name)).union(without) == Set(Recipe().tree.leaves().map(\.name)))
  }

  @Test func `without flags all values are the defaults`() throws {
    let settings = try parse().settings(worldSize: 3)
    #expect(Set(settings.origins.keys) == ["data.path", "schedule.base", "worldSize"])
    #expect(settings.origins["worldSize"] == .derived("the number of workers"))
  }

  @Test func `flags that undo a flag of ours`() throws {
    let recipe = try parse(
      "--no-aug", "--aug", "--no-shuffle", "--shuffle", "--no-lr-scaling", "--lr-scaling", "--model-ema",
      "--no-model-ema", "--repeated-aug", "--no-repeated-aug"
    ).recipe(worldSize: 1)
    #expect(try recipe == parse().recipe(worldSize: 1))
  }

  @Test func `the table names each value, what it is and where it comes from`() throws {
    let table = try parse("--epochs", "5").configuration(worldSize: 2)
    let lines = table.split(separator: "\n").map { $0.split(separator: " ", omittingEmptySubsequences: true) }
    #expect(lines.contains(["schedule.epochs", "5", "--epochs"]))
    #expect(lines.contains(["smoothing", "0.1", "default"]))
    #expect(lines.contains(["worldSize", "2", "the", "number", "of", "workers"]))
    #expect(lines.count == Recipe().tree.leaves().count + 2)
    #expect(try lines.last == ["Digest:", Substring(parse("--epochs", "5").recipe(worldSize: 2).digest)])
  }

  @Test func `the table needs no folder, a run does`() throws {
    let flags = try TrainingFlags.parse([])
    _ = try flags.configuration(worldSize: 1)
    _ = try TrainingFlags.parse(["--print-config"]).recipe(worldSize: 1)
    let error = #expect(throws: RecipeError.self) { try flags.recipe(worldSize: 1) }
    #expect(error?.description.hasPrefix("--data-path is missing") == true)
  }

  @Test(arguments: [
    "--no-eval --early-stop 2", "--no-eval --sched plateau", "--monitor ema",
  ])
  func `what waits for a figure has to come by it`(line: String) throws {
    let error = #expect(throws: RecipeError.self) { try parse(words(line)).recipe(worldSize: 1) }
    #expect(error?.exitStatus == .usage)
    _ = try parse(words(line) + ["--throughput"]).recipe(worldSize: 1)
  }

  @Test(arguments: ["--sampler balanced", "--repeated-aug", "--skip-damaged 3"])
  func `what asks of all images cannot be had of a host's part`(line: String) throws {
    let error = #expect(throws: RecipeError.self) {
      try parse(words("--shards-by-host \(line)")).recipe(worldSize: 2)
    }
    #expect(error?.exitStatus == .usage)
    #expect(error?.description.hasPrefix("--shards-by-host: \(words(line)[0])") == true)
    _ = try parse(words("--no-shards-by-host \(line)")).recipe(worldSize: 2)
    _ = try parse(words("--shards-by-host --eval \(line)")).recipe(worldSize: 2)
  }

  @Test func `an odd batch cannot be mixed in pairs`() throws {
    let odd = ["--data-path", "d", "--batch-size", "7"]
    let error = #expect(throws: RecipeError.self) { try TrainingFlags.parse(odd).recipe(worldSize: 1) }
    #expect(error?.description.hasPrefix("--batch-size 7: must be even") == true)
    _ = try TrainingFlags.parse(odd + ["--mixup", "0", "--cutmix", "0"]).recipe(worldSize: 1)
    _ = try TrainingFlags.parse(odd + ["--eval"]).recipe(worldSize: 1)
  }

  private func leaves(_ settings: Settings) -> [String: String] {
    Dictionary(uniqueKeysWithValues: settings.recipe.tree.leaves().map { ($0.name, $0.value.description) })
  }

  private func changed(_ settings: Settings) -> Set<String> {
    var standard = Recipe()
    standard.data.path = "DIR"
    standard.schedule.base = standard.resolvedBase
    return Set(
      zip(settings.recipe.tree.leaves(), standard.tree.leaves())
        .filter { $0.value != $1.value }.map { $0.0.name })
  }
}
