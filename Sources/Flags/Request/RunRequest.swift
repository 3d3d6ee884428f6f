import FoundationEssentials
package import Output
package import Recipe
import System
import SystemPackage

/// The request of a command line and its `--config`: parsed once, by the launcher for its workers or by a
/// worker that runs alone.
///
/// Values stored in a checkpoint or weights come below it; a worker knows these once it has verified the
/// file.
package struct RunRequest: Codable, Equatable, Sendable {
  package var run: RunSettings
  /// The given values, over the reference's or a named recipe's.
  private var asked: Settings
  /// The requested division of an update, if fewer ranks may replace the requested ones.
  private var whole: Recipe.Division?
  /// The network as it was spelt, which names the output folder; nil if none was given.
  private let model: String?

  init(_ run: RunSettings, _ asked: Settings, model: String?) {
    self.run = run
    self.asked = asked
    let isFiled = if case .file = asked.origins["model.name"] { true } else { false }
    self.model = model ?? (isFiled ? asked.recipe.model.name : nil)
  }

  /// The run's output folder: `--output-dir`, that of the resumed run, or the model's name as in the
  /// reference.
  package func outputFolder(over saved: SavedValues? = nil) -> String {
    let model = model ?? saved?.laid(over: reference).model.name ?? reference.model.name
    return run.outputDir ?? saved?.outputFolder ?? "./\(model)"
  }

  /// How the run will begin in its output folder.
  package var beginning: Beginning {
    let (teacher, weights) = (asked.recipe.distillation.teacher, asked.recipe.loss.classWeights)
    return Beginning(
      overwrites: run.overwrite, resume: run.resume,
      inputs: [
        ("--finetune", run.finetune), ("--config", run.config),
        ("--teacher", teacher.isEmpty ? nil : teacher),
        ("--class-weights", ["", Recipe.Loss.balanced].contains(weights) ? nil : weights),
      ])
  }

  /// The resolved recipe for a run of `worldSize` ranks, over saved values if there are any.
  ///
  /// With several hosts, each has `hostSize` of the ranks.
  ///
  /// Throws a `RecipeError` that names what is missing, or a saved value that is out of range.
  package func recipe(
    worldSize: Int, hostSize: Int? = nil, over saved: SavedValues? = nil
  ) throws(RecipeError) -> Recipe {
    let settings = try settings(worldSize: worldSize, hostSize: hostSize, over: saved)
    if settings.recipe.data.path.isEmpty && !run.printConfig {
      throw RecipeError(
        "--data-path is missing: name the folder that holds train/CLASS/IMAGE and val/CLASS/IMAGE")
    }
    if !run.eval { try checkPairs(settings.recipe) }
    if run.trains {
      try checkEvaluations(settings.recipe)
      try checkShards(settings.recipe.data)
    }
    let schedule = settings.recipe.schedule
    if run.trains, run.resume == nil, schedule.startEpoch >= schedule.epochs {
      throw RecipeError(
        "--start-epoch \(schedule.startEpoch): the run has \(counted(schedule.epochs, "epoch")), counted from 0, so nothing would be "
          + "trained. Raise --epochs, or go on with a run by --resume")
    }
    return settings.recipe
  }

  /// Throws if a setting depends on a figure that is never evaluated.
  private func checkEvaluations(_ recipe: Recipe) throws(RecipeError) {
    let judging = recipe.judging
    if run.noEval, recipe.schedule.kind == .plateau {
      throw RecipeError("--sched plateau: falls after evaluations; leave --no-eval out")
    }
    if run.noEval, let count = judging.earlyStop {
      throw RecipeError("--early-stop \(count): ends after evaluations; leave --no-eval out")
    }
    if judging.monitor == .ema, !recipe.ema.enabled {
      throw RecipeError("--monitor ema: there is no average of the weights; add --model-ema")
    }
  }

  /// Throws for settings that need all images, of which a host may have some only.
  private func checkShards(_ data: Recipe.Images) throws(RecipeError) {
    let others = [
      ("--repeated-aug", "shows copies of an image to workers of any host", data.repeatedAugmentation),
      ("--sampler balanced", "counts the images of all hosts", data.sampling == .balanced),
      ("--skip-damaged", "takes the next image, which another host may have", (run.skipDamaged ?? 0) > 0),
    ]
    guard data.shardsByHost, let (flag, reason, _) = others.first(where: \.2) else { return }
    throw RecipeError("--shards-by-host: \(flag) \(reason); leave one of them out")
  }

  /// Throws for odd batches with mixing, which pairs images within a batch.
  private func checkPairs(_ recipe: Recipe) throws(RecipeError) {
    guard recipe.mixing.isOn, !recipe.data.batchSize.isMultiple(of: 2) else { return }
    throw RecipeError(
      "--batch-size \(recipe.data.batchSize): must be even, since --mixup and --cutmix mix images in pairs. "
        + "Or switch both off: --mixup 0 --cutmix 0")
  }

  /// The recipe with the requested number of ranks, which checkpoints store whichever ranks wrote them.
  package func recipeAsAskedFor(hostSize: Int, over saved: SavedValues? = nil) throws(RecipeError) -> Recipe?
  {
    guard let whole else { return nil }
    return try recipe(worldSize: whole.worldSize, hostSize: hostSize, over: saved)
  }

  /// Every value by its dotted name in `recipe.json`, with its source: the default, a file or a flag.
  package func configuration(
    worldSize: Int, hostSize: Int? = nil, over saved: SavedValues? = nil
  ) throws(RecipeError) -> String {
    let settings = try settings(worldSize: worldSize, hostSize: hostSize, over: saved)
    return settings.table + "\n\(settings.recipe.rateLine)\nDigest: \(settings.recipe.digest)"
  }

  /// The reference's or a named recipe's values, overridden by saved ones, a file's, and the flags'.
  package func settings(
    worldSize: Int, hostSize: Int? = nil, over saved: SavedValues? = nil
  ) throws(RecipeError) -> Settings {
    var settings = try Settings(run.recipe, over: saved)
    try settings.lay(asked)
    try settings.derive(worldSize: worldSize, hostSize: hostSize)
    if let whole { try settings.divide(whole) }
    return settings
  }
}

extension RunRequest {
  /// What an evaluation assumes about weights that neither they nor any flag say; nil if nothing.
  ///
  /// - Parameter names: The dotted names of the values stored with the weights.
  package func assumption(of names: Set<String>) -> String? {
    let recipe = asked.recipe
    let values = [
      ("model.name", "\(recipe.model.name)"), ("data.inputSize", "\(recipe.data.inputSize) pixels"),
      ("data.cropPercent", "crop \(recipe.data.cropPercent)"),
      ("data.cropMode", recipe.data.cropMode.rawValue), ("data.means", "mean \(spelt(recipe.data.means))"),
      ("data.deviations", "deviation \(spelt(recipe.data.deviations))"),
    ]
    let assumed = values.filter { !names.contains($0.0) && asked.origins[$0.0]?.isOfCommandLine != true }
    guard !assumed.isEmpty else { return nil }
    return assumed.map { "\($0.1) (\(flag(setting: $0.0) ?? ""))" }.joined(separator: ", ")
  }

  /// Whether the command line sets a value, by dotted name.
  package func names(_ value: String) -> Bool { asked.origins[value]?.isOfCommandLine == true }

  /// The request for a worker under a launcher, which itself removes an earlier run, once.
  package func withoutOverwriting() -> RunRequest {
    var request = self
    request.run.overwrite = false
    request.asked.forget("--overwrite")
    return request
  }

  /// The request for an automatic restart: resume from the newest checkpoint, whatever the run began from.
  ///
  /// Flags that had their effect at the beginning are not reported as without effect.
  package func goingOn() -> RunRequest {
    var request = self
    request.run.resume = "auto"
    request.run.finetune = nil
    request.run.useEma = false
    for flag in asked.given where !Set(FlagRow.idle(flag)).isDisjoint(with: Idleness.ofCheckpoint) {
      request.asked.forget(flag)
    }
    return request
  }

  /// The request for any number of ranks that may replace those of `whole`, with equally many images per
  /// update.
  package func sharing(_ whole: Recipe.Division) -> RunRequest {
    var request = self
    request.whole = whole
    return request
  }

  /// The request with every value set as in a resolved recipe, if no run is resumed.
  ///
  /// A file of initial weights stays, with its own values, which no launcher reads.
  package func settled(as recipe: Recipe) -> RunRequest {
    if let file = run.resume, file != "auto", !Folders.isFolder(file) { return self }
    var request = self
    request.asked.settle(as: recipe)
    guard run.resume != nil else { return request }
    request.run.resume = nil
    request.run.finetune = nil
    request.run.useEma = false
    return request
  }

  /// The variable with the descriptor of the memory file in which a worker inherits the request.
  package static let variable = "TWINS_RUN_FD"

  /// The request as encoded by a launcher.
  package var document: [UInt8] {
    do {
      return Array(try JSONEncoder().encode(self))
    } catch {
      preconditionFailure("a request is always JSON: \(error)")
    }
  }

  /// The request that this process inherited; nil if no launcher started it.
  package static func inherited(_ environment: [String: String]) throws(RecipeError) -> RunRequest? {
    guard let number = environment[variable] else { return nil }
    do {
      guard let descriptor = CInt(number).map(FileDescriptor.init(rawValue:)) else {
        throw Errno.badFileDescriptor
      }
      return try JSONDecoder().decode(RunRequest.self, from: Data(try contents(of: descriptor)))
    } catch {
      throw RecipeError(
        "\(variable)=\(number): no launcher's request can be read there: \(error). Use twins-launch and twins-worker "
          + "of one build; for a worker by itself, unset \(variable).", exitStatus: .badConfiguration)
    }
  }

  /// Reads the content from its start, wherever the descriptor's position is.
  private static func contents(of descriptor: FileDescriptor) throws -> [UInt8] {
    var bytes: [UInt8] = []
    var part = [UInt8](repeating: 0, count: 1 << 14)
    while true {
      let count = try part.withUnsafeMutableBytes {
        try descriptor.read(fromAbsoluteOffset: Int64(bytes.count), into: $0)
      }
      guard count > 0 else { return bytes }
      bytes += part.prefix(count)
    }
  }
}
