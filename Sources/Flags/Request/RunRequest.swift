import FoundationEssentials
package import Output
package import Recipe
import System
import SystemPackage

/// What a command line and its `--config` ask for: read once, by the launcher for its workers or by a worker that runs alone.
///
/// What a checkpoint or weights say of themselves lies under it; a worker knows that once it has verified them.
package struct RunRequest: Codable, Equatable, Sendable {
  package var run: RunSettings
  /// The values that were given, over the reference's or a named recipe's.
  private var asked: Settings
  /// How the run was to divide an update, where fewer ranks may stand in for those that were asked for.
  private var whole: Recipe.Division?
  /// The network as it was spelt, which names the output folder; nil where nobody named one.
  private let model: String?

  init(_ run: RunSettings, _ asked: Settings, model: String?) {
    self.run = run
    self.asked = asked
    let isFiled = if case .file = asked.origins["model.name"] { true } else { false }
    self.model = model ?? (isFiled ? asked.recipe.model.name : nil)
  }

  /// The folder the run writes to: `--output-dir`, that of the run that goes on, or the model's name as in the reference.
  package func outputFolder(over saved: SavedValues? = nil) -> String {
    let model = model ?? saved?.laid(over: reference).model.name ?? reference.model.name
    return run.outputDir ?? saved?.outputFolder ?? "./\(model)"
  }

  /// How the run means to begin in its output folder.
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

  /// The resolved recipe for a run of `worldSize` ranks, which goes on with saved values where there are some.
  ///
  /// Where the run has several hosts, each has `hostSize` of the ranks.
  ///
  /// Throws a `RecipeError` that names what the run lacks, or the saved value that is out of range.
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

  /// What waits for a figure has to come by it.
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

  /// A host that has a part of the images cannot know of the others what these ask of them.
  private func checkShards(_ data: Recipe.Images) throws(RecipeError) {
    let others = [
      ("--repeated-aug", "shows copies of an image to workers of any host", data.repeatedAugmentation),
      ("--sampler balanced", "counts the images of all hosts", data.sampling == .balanced),
      ("--skip-damaged", "takes the next image, which another host may have", (run.skipDamaged ?? 0) > 0),
    ]
    guard data.shardsByHost, let (flag, reason, _) = others.first(where: \.2) else { return }
    throw RecipeError("--shards-by-host: \(flag) \(reason); leave one of them out")
  }

  /// Mixing takes an image's partner from the other end of its batch.
  private func checkPairs(_ recipe: Recipe) throws(RecipeError) {
    guard recipe.mixing.isOn, !recipe.data.batchSize.isMultiple(of: 2) else { return }
    throw RecipeError(
      "--batch-size \(recipe.data.batchSize): must be even, since --mixup and --cutmix mix images in pairs. "
        + "Or switch both off: --mixup 0 --cutmix 0")
  }

  /// The recipe of the run as it was asked for, with all its ranks: what checkpoints keep, whichever ranks wrote them.
  package func recipeAsAskedFor(hostSize: Int, over saved: SavedValues? = nil) throws(RecipeError) -> Recipe?
  {
    guard let whole else { return nil }
    return try recipe(worldSize: whole.worldSize, hostSize: hostSize, over: saved)
  }

  /// Every value by its dotted name in `recipe.json`, and where it comes from: the default, a file or a flag.
  package func configuration(
    worldSize: Int, hostSize: Int? = nil, over saved: SavedValues? = nil
  ) throws(RecipeError) -> String {
    let settings = try settings(worldSize: worldSize, hostSize: hostSize, over: saved)
    return settings.table + "\n\(settings.recipe.rateLine)\nDigest: \(settings.recipe.digest)"
  }

  /// The reference's values or a named recipe's, under saved ones, under a file's, under the flags'.
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
  /// What an evaluation takes of weights for granted that neither they nor any flag say; nil where that is nothing.
  ///
  /// - Parameter names: The dotted names of the values that the weights say.
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

  /// Whether the command line sets a value, by its dotted name.
  package func names(_ value: String) -> Bool { asked.origins[value]?.isOfCommandLine == true }

  /// What a worker is to do on its launcher's behalf: begin in the folder, whose earlier run the launcher removes, once.
  package func withoutOverwriting() -> RunRequest {
    var request = self
    request.run.overwrite = false
    request.asked.forget("--overwrite")
    return request
  }

  /// What a run is to do that starts again by itself: go on from its newest checkpoint, whatever it began from.
  ///
  /// Flags that had their effect at its beginning are not said to have none.
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

  /// What any number of ranks is to do who may stand in for those of `whole`: each update has as many images.
  package func sharing(_ whole: Recipe.Division) -> RunRequest {
    var request = self
    request.whole = whole
    return request
  }

  /// What is asked for here where every value is as in a resolved recipe, and no run is gone on with.
  ///
  /// A file of weights stays what is begun with, and says of itself what no launcher reads.
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

  /// The variable with the number under which a worker inherits the request, a file in memory.
  package static let variable = "TWINS_RUN_FD"

  /// The request as a launcher hands it over.
  package var document: [UInt8] {
    do {
      return Array(try JSONEncoder().encode(self))
    } catch {
      preconditionFailure("a request is always JSON: \(error)")
    }
  }

  /// The request that this process inherits; nil where no launcher started it.
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

  /// The content from its start, whoever has read it before.
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
