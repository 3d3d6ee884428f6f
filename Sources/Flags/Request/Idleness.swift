import Recipe

/// Why a given flag may have no effect, the broadest reasons first: a flag is reported with the first that
/// applies.
///
/// The flags' rows say which reasons apply to them.
enum Idleness: String, CaseIterable, Sendable {
  case spreadAnyway = "evaluation is always spread over the workers"
  case countedByLauncher = "the launcher's --nproc says how many workers there are"
  case broughtTogether = "the launcher brings the workers together"
  case unpinned = "no pinned memory is used"
  case readFromFolder = "images are read from --data-path"
  case otherDataSet = "it belongs to --data-set INAT"
  case unsplit = "batches have no augmentation splits"
  case noCooldown = "the run ends with its schedule"
  case noNoise = "the learning rate has no noise"
  /// For flags that set values of the recipe; `untrained` is for others.
  case untrainedValue
  case untrained
  case unaugmented = "--no-aug changes no image"
  case policy = "--aa takes its place"
  case nothingErased = "--reprob 0 erases nothing"
  case mixingOff = "neither Mixup nor CutMix is on"
  case neverMixed = "--mixup-prob 0 mixes nothing"
  case boxSides = "--cutmix-minmax takes its place"
  case oneMixing = "only one of Mixup and CutMix is on"
  case alone = "one worker has nobody to exchange with"
  case oneHost = "one host has one disk"
  case sharedMemory = "only --transport ipc and tcp, and several hosts, send gradients"
  case onCards = "on cards each worker updates all weights, after an exchange that follows backward"
  case onProcessor = "the processor has no graphs"
  case sameAnyway = "on the CPU a run always comes to the same bits"
  case inHostMemory = "what lies in the host's memory the workers themselves add up"
  case adamW = "only --opt sgd and muon have momentum to set"
  case lion = "Lion has no epsilon"
  case unclipped = "--clip-grad 0 bounds nothing"
  case wholeParameters = "the rule takes whole parameters, so every worker updates all of them"
  case sgd = "SGD has neither"
  case fixedTicks = "--sched onecycle moves with each update, plateau after an evaluation"
  case noCycles = "only --sched cosine, tanh and poly have cycles"
  case oneCycle = "--lr-cycle-limit 1 is one cycle"
  case noSteps = "only --sched step has steps of one length"
  case noMilestones = "only --sched multistep has milestones"
  case noDecay = "--sched cosine, tanh and onecycle fall by no factor"
  case noPlateau = "only --sched plateau waits for evaluations"
  case noFloor = "--sched step and multistep fall without end"
  case notFocal = "only --loss focal has it"
  case noTeacher = "there is no --teacher"
  case nothingTaught = "--distillation-type none learns nothing of the teacher"
  case hardTeaching = "only --distillation-type soft has a temperature"
  case mixesToTheEnd = "the run ends before that epoch"
  case frozenToTheEnd = "the run ends before that epoch, and what is frozen stays so"
  case headAlone = "--freeze backbone has the head alone learn"
  case milestonesBeyond = "the run ends before the first of them"
  case stepsBeyond = "the run ends before the first step"
  case stopBeyond = "the run has too few evaluations for that"
  case patienceBeyond = "the run has too few evaluations to wait for so many"
  case lastAlone = "the run has fewer epochs, and its last one is evaluated anyway"
  case looseShare =
    "agc takes --clip-grad as a share of the weights' norm, and one of 1 or more bounds nothing that comes up: 0.01 is usual"
  case inOrder = "--no-shuffle keeps the folder's order"
  case repeated = "--repeated-aug shows each image as often"
  case unevaluated = "--no-eval evaluates nothing"
  case uncached = "there is no --cache"
  case nothingFrozen = "there is no --freeze"
  case noWarmup = "--warmup-epochs 0 warms nothing up"
  case float32 = "--amp O0 computes in float32"
  case noAverage = "there is no --model-ema"
  case valuesOfCheckpoint = "the run goes on with the values of its checkpoint"
  case epochOfCheckpoint = "the run goes on after its checkpoint"

  /// The reasons of resumed runs.
  static let ofCheckpoint: Set = [valuesOfCheckpoint, epochOfCheckpoint]

  /// Whether the flags with this reason have no effect.
  func holds(in situation: Situation) -> Bool {
    let recipe = situation.recipe
    let mixing = recipe.mixing
    return switch self {
    case .spreadAnyway, .countedByLauncher, .broughtTogether, .unpinned, .readFromFolder, .otherDataSet,
      .unsplit,
      .noCooldown, .noNoise:
      true
    case .untrainedValue, .untrained: !situation.run.trains
    case .unaugmented: !recipe.data.augments
    case .policy: !recipe.data.autoAugment.isEmpty
    case .nothingErased: recipe.data.erasing.probability == 0
    case .mixingOff: !mixing.isOn && mixing.probability > 0
    case .neverMixed: mixing.probability == 0
    case .boxSides: mixing.cutmixMinMax != nil
    case .oneMixing: mixing.mixup == 0 || !mixing.mixesRectangles
    case .alone: recipe.worldSize == 1
    case .oneHost: situation.hosts == 1
    case .sharedMemory: !situation.sumsTravel
    case .onCards: situation.onCard
    case .onProcessor, .sameAnyway, .inHostMemory: !situation.onCard
    case .adamW: ![.sgd, .muon].contains(recipe.optimizer.kind)
    case .lion: recipe.optimizer.kind == .lion
    case .unclipped: recipe.optimizer.clip == nil
    case .wholeParameters: recipe.optimizer.takesWholeParameters
    case .sgd: recipe.optimizer.kind == .sgd
    case .fixedTicks: [.onecycle, .plateau].contains(recipe.schedule.kind)
    case .noCycles: !recipe.schedule.hasCycles
    case .oneCycle: recipe.schedule.cycleLimit == 1
    case .noSteps: recipe.schedule.kind != .step
    case .noMilestones: recipe.schedule.kind != .multistep
    case .noDecay: [.cosine, .tanh, .onecycle].contains(recipe.schedule.kind)
    case .noPlateau: recipe.schedule.kind != .plateau
    case .noFloor: !recipe.schedule.hasFloor
    case .notFocal: recipe.loss.kind != .focal
    case .noTeacher: recipe.distillation.teacher.isEmpty
    case .nothingTaught: recipe.distillation.kind == .none
    case .hardTeaching: recipe.distillation.kind == .hard
    case .mixesToTheEnd: (mixing.offEpoch ?? 0) >= recipe.schedule.epochs
    case .frozenToTheEnd: (recipe.tuning.unfreezeEpoch ?? 0) >= recipe.schedule.epochs
    case .headAlone:
      recipe.tuning.frozen == "backbone"
        && (recipe.tuning.unfreezeEpoch ?? .max) >= recipe.schedule.epochs
    case .milestonesBeyond: recipe.schedule.milestones.allSatisfy { $0 >= recipe.schedule.epochs }
    case .stepsBeyond: recipe.schedule.decayEpochs >= Double(recipe.schedule.epochs)
    case .stopBeyond: (recipe.judging.earlyStop ?? 0) + 1 >= situation.evaluations
    case .patienceBeyond: recipe.schedule.patience + 2 >= situation.evaluations
    case .lastAlone: recipe.judging.interval > recipe.schedule.epochs
    case .looseShare: recipe.optimizer.clipMode == .agc && (recipe.optimizer.clip ?? 0) >= 1
    case .inOrder: !recipe.data.shuffles
    case .repeated: recipe.data.repeatedAugmentation
    case .unevaluated: situation.run.trains && situation.run.noEval
    case .uncached: situation.run.cache == nil
    case .nothingFrozen: recipe.tuning.frozen.isEmpty
    case .noWarmup: recipe.schedule.warmupEpochs == 0
    case .float32: recipe.precision.level == .O0
    case .noAverage: !recipe.ema.enabled
    case .valuesOfCheckpoint, .epochOfCheckpoint: situation.goesOn
    }
  }

  /// The reason in a user's words.
  func said(of run: RunSettings) -> String {
    switch self {
    case .untrainedValue, .untrained: "\(run.eval ? "--eval" : "--throughput") trains nothing"
    default: rawValue
    }
  }
}
