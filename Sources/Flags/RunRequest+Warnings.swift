package import Recipe

extension RunRequest {
  /// What to tell the user of given flags that have no effect in this run, one sentence for each reason.
  ///
  /// Pure; the lone worker or rank 0 says each once, at the start.
  /// - Parameter sumsTravel: Whether gradients are sent between the workers rather than summed in shared memory.
  package func warnings(
    worldSize: Int, over saved: SavedValues? = nil, onCard: Bool = false, sumsTravel: Bool = true
  ) throws(RecipeError) -> [String] {
    let settings = try settings(worldSize: worldSize, over: saved)
    var left = settings.given
    let rules = Idleness.all(run, onCard: onCard, sumsTravel: sumsTravel) + Idleness.goingOn(saved)
    return rules.compactMap { rule in
      guard rule.applies(settings.recipe) else { return nil }
      let idle = left.filter(rule.covers)
      left.removeAll { idle.contains($0) }
      return idle.isEmpty ? nil : "no effect: \(distinct(idle.map(\.flag))) (\(rule.reason))"
    }
  }

  private func distinct(_ flags: [String]) -> String {
    flags.reduce(into: [String]()) { if $0.last != $1 { $0.append($1) } }.joined(separator: ", ")
  }
}

/// A reason for which flags may have no effect.
private struct Idleness: Sendable {
  let reason: String
  let covers: @Sendable (Settings.Given) -> Bool
  let applies: @Sendable (Recipe) -> Bool

  init(_ reason: String, _ flags: String, when applies: @escaping @Sendable (Recipe) -> Bool = { _ in true })
  {
    let names = flags.split(separator: " ")
    self.init(reason, covers: { given in names.contains { $0 == given.flag } }, when: applies)
  }

  init(
    _ reason: String, covers: @escaping @Sendable (Settings.Given) -> Bool,
    when applies: @escaping @Sendable (Recipe) -> Bool
  ) {
    self.reason = reason
    self.covers = covers
    self.applies = applies
  }

  /// All reasons, the widest first: a flag is named with the first that holds.
  static func all(_ run: RunSettings, onCard: Bool, sumsTravel: Bool) -> [Idleness] {
    everywhere + withoutTraining(run) + augmentation + mixing + exchange(onCard, sumsTravel) + [
      Idleness("AdamW has no momentum to set", "--momentum") { $0.optimizer.kind == .adamw },
      Idleness("SGD has neither", "--opt-betas --opt-eps") { $0.optimizer.kind == .sgd },
      Idleness("--warmup-epochs 0 warms nothing up", "--warmup-lr") { $0.schedule.warmupEpochs == 0 },
      Idleness("--amp O0 computes in float32", "--amp-dtype") { $0.precision.level == .O0 },
      Idleness(
        "there is no --model-ema", "--model-ema-decay --model-ema-warmup --no-model-ema-warmup"
      ) { !$0.ema.enabled },
    ]
  }

  private static let everywhere = [
    Idleness("evaluation is always spread over the workers", "--dist-eval"),
    Idleness("the launcher's --nproc says how many workers there are", "--world-size"),
    Idleness("the launcher brings the workers together", "--dist-url"),
    Idleness("no pinned memory is used", "--pin-mem --no-pin-mem"),
    Idleness("images are read from --data-path", "--use-mcloader"),
    Idleness("it belongs to --data-set INAT", "--inat-category"),
    Idleness("batches have no augmentation splits", "--resplit"),
    Idleness(
      "the cosine runs once, without steps, plateaus or an appendix",
      "--cooldown-epochs --decay-epochs --decay-rate --patience-epochs"),
    Idleness("the learning rate has no noise", "--lr-noise-pct --lr-noise-std"),
  ]

  /// Where a run goes on from a checkpoint.
  static func goingOn(_ saved: SavedValues?) -> [Idleness] {
    guard saved?.isOfRun == true else { return [] }
    return [
      Idleness("the run goes on with the values of its checkpoint", "--recipe"),
      Idleness("the run goes on after its checkpoint", "--start-epoch"),
    ]
  }

  private static func withoutTraining(_ run: RunSettings) -> [Idleness] {
    let word = run.eval ? "--eval" : "--throughput"
    return [
      Idleness(
        "\(word) trains nothing", covers: { $0.name.map { !Settings.evaluated.contains($0) } ?? false },
        when: { _ in run.eval || run.throughput }),
      Idleness(
        "\(word) trains nothing",
        together + " --shard-optimizer --no-shard-optimizer --recipe --checkpoint-every "
          + "--skip-damaged --no-eval --overwrite",
        when: { _ in run.eval || run.throughput }),
    ]
  }

  /// How workers exchange what they have.
  private static let together = "--no-overlap --bucket-megabytes --check-weights-every"

  private static func exchange(_ onCard: Bool, _ sumsTravel: Bool) -> [Idleness] {
    [
      Idleness(
        "one worker has nobody to exchange with",
        together + " --shard-optimizer --no-shard-optimizer --gradient-wire"
      ) { $0.worldSize == 1 },
      Idleness("only --transport ipc and tcp send gradients", "--gradient-wire") { _ in !sumsTravel },
      Idleness(
        "on cards each worker updates all weights, after an exchange that follows backward",
        "--no-overlap --shard-optimizer --no-shard-optimizer"
      ) { _ in onCard },
    ]
  }

  private static let augmentation = [
    Idleness(
      "--no-aug changes no image",
      "--scale --ratio --hflip --train-interpolation --aa --color-jitter --reprob --remode --recount"
    ) { !$0.data.augments },
    Idleness("--aa takes its place", "--color-jitter") { !$0.data.autoAugment.isEmpty },
    Idleness("--reprob 0 erases nothing", "--remode --recount") { $0.data.erasing.probability == 0 },
  ]

  private static let mixing = [
    Idleness("neither Mixup nor CutMix is on", "--mixup-prob --mixup-switch-prob --mixup-mode") {
      !$0.mixing.isOn && $0.mixing.probability > 0
    },
    Idleness(
      "--mixup-prob 0 mixes nothing", "--mixup --cutmix --cutmix-minmax --mixup-switch-prob --mixup-mode"
    ) {
      $0.mixing.probability == 0
    },
    Idleness("--cutmix-minmax takes its place", "--cutmix") { $0.mixing.cutmixMinMax != nil },
    Idleness("only one of Mixup and CutMix is on", "--mixup-switch-prob") {
      $0.mixing.mixup == 0 || !$0.mixing.mixesRectangles
    },
  ]
}
