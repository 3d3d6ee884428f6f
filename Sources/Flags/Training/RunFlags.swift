package import ArgumentParser
package import Recipe
import System

/// Flags of where a run computes and writes, what it starts from, and what it prints.
package struct RunFlags: ParsableArguments {
  @Option(
    help: ArgumentHelp("Where weights, logs and checkpoints go. (default: ./<model>)", valueName: "dir"),
    transform: withHomeFolder)
  package var outputDir: String?

  @OptionGroup var place: DeviceFlags
  package var device: DeviceChoice? { place.device }
  package var deviceLibrary: String? { place.deviceLibrary }
  package var deterministic: Bool { place.deterministic }

  @Option(
    help: ArgumentHelp(
      "Values to lay over the defaults: a run's recipe.json, or part of one. Flags win over it.",
      valueName: "file"),
    transform: withHomeFolder)
  package var config: String?

  @Option(
    help: ArgumentHelp(
      "Defaults for a kind of start, under --config and all flags: imagenet, the reference's; finetune, for --finetune; "
        + "small, for a few hundred images. --recipe small --print-config shows its values.",
      valueName: "imagenet|finetune|small"))
  package var recipe: NamedRecipe?

  @Flag(help: "Print every value of the recipe and where it comes from, and end.")
  package var printConfig = false

  @Option(
    help: ArgumentHelp(
      "What to go on from: a run's output folder, one of its checkpoints, the newest in --output-dir (auto), or a file of "
        + "weights. A run goes on at its step with the values it had; flags and --config lie over them.",
      valueName: "path|auto"),
    transform: withHomeFolder)
  package var resume: String?

  @Option(
    help: ArgumentHelp(
      "Weights to start epoch 0 from; a head of another size is made anew. With --resume auto, only where there is no "
        + "checkpoint yet.", valueName: "file"),
    transform: withHomeFolder)
  package var finetune: String?

  @Flag(
    help: ArgumentHelp(
      "Take the average (EMA) that lies beside the weights in the file of --finetune or --resume: timm's state_dict_ema, "
        + "DeiT's model_ema; with --eval, a checkpoint's too, of which otherwise both are evaluated."))
  package var useEma = false

  @Flag(
    help: ArgumentHelp(
      "Remove the run that the output folder holds, and begin anew: its checkpoints, weights, logs, report and recipe, and "
        + "nothing else."))
  package var overwrite = false

  @Flag(
    help: ArgumentHelp(
      "Check all that a start depends on (flags, images, device, output folder, weights), say what it would be, and "
        + "end; nothing is written. Of several hosts it asks none but its own."))
  package var dryRun = false

  @Flag(
    help: ArgumentHelp(
      "Evaluate once instead of training, with the weights of --resume and the model, size and crop they say. "
        + "It reads val/ alone and writes nothing."))
  package var eval = false

  @Option(
    help: ArgumentHelp(
      "With --eval, write what it finds to this folder: evaluation.json, confusion.csv, misclassified.csv, mistakes.html. "
        + "The command evaluate does so by itself.", valueName: "dir"),
    transform: withHomeFolder)
  package var reportDir: String?

  @Option(
    help: ArgumentHelp(
      "With --eval, the folder of --data-path whose images are evaluated; '.' is --data-path itself. (default: val)",
      valueName: "name"))
  package var split: String?

  @Flag(
    name: [.customLong("throughput"), .customLong("throughout")],
    help: "Time inference on one batch instead of training.")
  package var throughput = false

  @Flag(
    help: ArgumentHelp(
      "Instead of training, raise the rate from 1e-7 to 1 with each update, show what the loss does, and suggest --lr. "
        + "lr-find.csv and lr-find.html are written to the output folder, and no weights."))
  package var lrFind = false

  @Option(help: ArgumentHelp("Updates of --lr-find. (default: \(standardSearch))", valueName: "n"))
  package var lrFindSteps: Int?

  @Flag(help: "Do not evaluate after each epoch.")
  package var noEval = false

  @Flag(help: "Write no curves for TensorBoard (tensorboard --logdir DIR, which lies in the output folder).")
  package var noTensorboard = false

  @Option(
    help: ArgumentHelp(
      "Keep the run's figures in this file, for node_exporter's text collector, which wants a name that ends with .prom.",
      valueName: "file"), transform: withHomeFolder)
  package var prometheus: String?

  @Option(
    help: ArgumentHelp(
      "In an epoch, replace at most so many damaged training images by the next one of the folder, say which, and "
        + "count them in the logs; one more ends the run. dataset scan --list finds them. (default: 0)",
      valueName: "n"))
  package var skipDamaged: Int?

  @Option(
    help: ArgumentHelp(
      "Save inside an epoch too, after every so many steps of the run; 0 saves at the ends of epochs alone. "
        + "Training goes on meanwhile. (default: 0)", valueName: "n"))
  package var checkpointEvery: Int?

  @Option(
    help: ArgumentHelp(
      "Disks to save each checkpoint on: that of host 0, and those of the next hosts that do not see it. A run goes on from "
        + "the newest that any of them has. (default: 1)", valueName: "n"))
  package var checkpointCopies: Int?

  @Option(help: ArgumentHelp("Newest checkpoints to keep, beside that of the best epoch.", valueName: "n"))
  package var keep = 2

  @Option(help: ArgumentHelp("Print and record a line every so many steps.", valueName: "n"))
  package var logEvery = 10

  @Option(
    help: ArgumentHelp(
      "Threads each worker computes with. (default: OMP_NUM_THREADS, or the cores)", valueName: "n"))
  package var threads: Int?

  @Option(
    help: ArgumentHelp(
      "Threads each worker decodes with; 0 decodes between steps. (default: its share of the cores)",
      valueName: "n"))
  package var numWorkers: Int?

  @OptionGroup package var memory: CacheFlags

  @Flag(
    inversion: .prefixedNo,
    help: ArgumentHelp(
      "Each worker updates its own part of the weights. The numbers stay the same. (default: yes, on the CPU)"
    ))
  package var shardOptimizer: Bool?

  @Flag(help: "Exchange gradients after backward, not while it runs. The numbers stay the same.")
  package var noOverlap = false

  @Option(
    help: ArgumentHelp(
      "Who adds up gradients that lie on cards. engine: the library of their maker, NCCL or HCCL, on the cards. workers: "
        + "these, in the host's memory, in the order of sums that they have on the CPU. (default: engine, where it is there)",
      valueName: "who"))
  package var sumBy: SumBy?

  @Flag(
    help: ArgumentHelp(
      "Give a card each step operation by operation. Without this, a step is recorded once as a graph and then given to the "
        + "card as one launch, where the card can. The numbers stay the same."))
  package var noGraph = false

  @Flag(
    help: ArgumentHelp(
      "Keep of each block its input alone for backward, and compute the block again there: less memory, more time. "
        + "The numbers stay the same."))
  package var gradCheckpointing = false

  @Option(
    help: ArgumentHelp(
      "The most megabytes of gradients to exchange at once. (default: \(standardBucketMegabytes))",
      valueName: "n"))
  package var bucketMegabytes: Int?

  @Option(
    help: ArgumentHelp(
      "Make sure after every so many updates that all workers hold the same weights; 0 only before each checkpoint. "
        + "(default: \(standardWeightCheck))", valueName: "n"))
  package var checkWeightsEvery: Int?

  package static let standardBucketMegabytes = 25
  package static let standardWeightCheck = 100
  package static let standardSearch = 200

  package init() {}

  /// Accepts what scripts for the reference pass: `''` for a path that is not given, and the Ascend port's
  /// `--finetune yes --resume FILE`.
  package mutating func validate() {
    if outputDir == "" { outputDir = nil }
    if resume == "" { resume = nil }
    if finetune == "" { finetune = nil }
    if let word = finetune, ["yes", "true", "1"].contains(word.lowercased()), resume != nil {
      finetune = resume
      resume = nil
    }
  }

  /// These flags as settings.
  var settings: RunSettings {
    RunSettings(
      outputDir: outputDir, device: device, deviceLibrary: deviceLibrary, deterministic: deterministic,
      config: config, recipe: recipe,
      printConfig: printConfig,
      resume: resume, finetune: finetune, useEma: useEma, overwrite: overwrite, dryRun: dryRun, eval: eval,
      reportDir: reportDir, split: split,
      throughput: throughput, lrFind: lrFind ? lrFindSteps ?? Self.standardSearch : nil,
      noEval: noEval, noTensorboard: noTensorboard, prometheus: prometheus,
      skipDamaged: skipDamaged, checkpointEvery: checkpointEvery,
      checkpointCopies: checkpointCopies, keep: keep, logEvery: logEvery, threads: threads,
      numWorkers: numWorkers, cache: memory.settings,
      shardOptimizer: shardOptimizer, noOverlap: noOverlap, sumBy: sumBy, noGraph: noGraph,
      gradCheckpointing: gradCheckpointing,
      bucketMegabytes: bucketMegabytes,
      checkWeightsEvery: checkWeightsEvery)
  }

  static let rows: [FlagRow] = [
    FlagRow(
      "--shard-optimizer", \.run.shardOptimizer, idle: [.untrained, .alone, .onCards, .wholeParameters]),
    FlagRow("--lr-find-steps", \.run.lrFindSteps, .within(20...manySteps)),
    FlagRow("--no-eval", \.run.noEval.given, idle: [.untrained]),
    FlagRow("--no-tensorboard", \.run.noTensorboard.given, idle: [.untrained]),
    FlagRow("--prometheus", \.run.prometheus, idle: [.untrained]),
    FlagRow("--recipe", \.run.recipe, idle: [.untrained, .valuesOfCheckpoint]),
    FlagRow("--keep", { $0.run.keep }, .within(1...1_000_000)),
    FlagRow("--skip-damaged", \.run.skipDamaged, .within(0...1_000_000_000), idle: [.untrained]),
    FlagRow("--overwrite", \.run.overwrite.given, idle: [.untrained]),
    FlagRow("--checkpoint-every", \.run.checkpointEvery, .within(0...manySteps), idle: [.untrained]),
    FlagRow(
      "--checkpoint-copies", \.run.checkpointCopies, .within(1...65_535), idle: [.untrained, .oneHost]),
    FlagRow("--log-every", { $0.run.logEvery }, .within(1...manySteps)),
    FlagRow("--threads", \.run.threads, .within(1...manyThreads)),
    FlagRow("--no-overlap", \.run.noOverlap.given, idle: [.untrained, .alone, .onCards]),
    FlagRow("--sum-by", \.run.sumBy, idle: [.untrained, .alone, .inHostMemory]),
    FlagRow("--no-graph", \.run.noGraph.given, idle: [.untrained, .onProcessor]),
    FlagRow("--deterministic", \.run.deterministic.given, idle: [.sameAnyway]),
    FlagRow("--grad-checkpointing", \.run.gradCheckpointing.given, idle: [.untrained]),
    FlagRow("--bucket-megabytes", \.run.bucketMegabytes, .within(1...1024), idle: [.untrained, .alone]),
    FlagRow(
      "--check-weights-every", \.run.checkWeightsEvery, .within(0...manySteps), idle: [.untrained, .alone]),
    FlagRow("--num-workers", \.run.numWorkers, .within(0...manyThreads)),
  ]

  /// Throws if two flags contradict each other.
  func check() throws(RecipeError) {
    if !eval, reportDir != nil || split != nil {
      throw RecipeError(
        "\(split == nil ? "--report-dir" : "--split"): is about an evaluation; give --eval too")
    }
    if lrFindSteps != nil, !lrFind {
      throw RecipeError("--lr-find-steps: is about looking for a rate; give --lr-find too")
    }
    if lrFind, eval || throughput {
      throw RecipeError(
        "--lr-find looks for a rate, and \(eval ? "--eval" : "--throughput") trains nothing: give one of them"
      )
    }
    if let split, split.isEmpty || split.contains("/") {
      throw RecipeError(
        "--split '\(masked(split))': must be the name of a folder in --data-path, such as test")
    }
    if useEma, finetune == nil, resume == nil {
      throw RecipeError(
        "--use-ema: takes the averaged weights of a file; name it with --finetune, or with --resume. "
          + "--model-ema averages those of this run")
    }
    if let finetune, let resume, resume != "auto" {
      throw RecipeError(
        "--finetune \(finetune) starts a run and --resume \(resume) goes on with one: give one of them, or "
          + "--resume auto, which goes on once there is a checkpoint")
    }
  }
}
