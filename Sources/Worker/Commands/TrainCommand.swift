import ArgumentParser
import Collective
import Flags
import Foundation
import Recipe
import System
import Torch
import Training
import WorkerLink

/// `train`: runs one worker, in the foreground or under twins-launch.
struct TrainCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "train",
    abstract: "Train, or with --eval evaluate.",
    discussion: """
      Started by itself this is one worker with the same numbers as one under twins-launch: the mode to debug in.
      Flags are accepted with - and with _, as --flag value and as --flag=value.
      """)

  @OptionGroup var flags: TrainingFlags

  /// Whether it writes a run's files, so that standard output is secondary.
  var writes: Bool { (try? flags.request().run).map { $0.writes && !$0.dryRun } ?? false }

  func run() throws { try WorkerRun(request: flags.request()).run(ProcessInfo.processInfo.environment) }
}

/// A worker's work on a request, from its start to its exit status.
struct WorkerRun {
  let request: RunRequest

  func run(_ environment: [String: String]) throws {
    if request.run.dryRun, !request.run.printConfig {
      // All workers started by torchrun would print the same.
      guard TorchrunPlace.rank(environment) ?? 0 == 0 else { return }
      return try rehearse(environment)
    }
    let placement = try RankEnvironment(environment)
    // torchrun restarts with the same command line, which must not delete what the run has saved.
    if request.run.overwrite, let torchrun = placement.torchrun, torchrun.restarts > 0 {
      return try WorkerRun(request: request.withoutOverwriting()).run(environment)
    }
    if request.run.printConfig { return try printConfiguration(placement) }
    Lifeline.watch(placement)
    StopSignal.ignoreWriteSignals()
    CheckpointRequest.listen()
    let phases = PhaseReporter(environment, slot: placement.localRank)
    phases.writeStacksOnSignal()
    let run = try reportingOnce(placement) {
      if placement.hasFolder { try Resume.requireFree(request) }
      let entrance = try placement.entrance()
      let common = try placement.sayingWhom {
        try CommonStart(request, placement, through: entrance)?.settle()
      }
      let start = try Resume.from(request, Console(speaks: placement.isFirst), settled: common)
      return try prepare(
        from: start, placement, through: entrance, phases, keepsCopies: common?.keepsCopies ?? false)
    }
    try perform(run, placement)
  }

  /// `--dry-run`: makes all checks of a start in one process on behalf of all workers; writes nothing.
  private func rehearse(_ environment: [String: String]) throws {
    let placement = RankEnvironment.rehearsal(environment)
    if placement.hasFolder { try Resume.requireFree(request) }
    let mayLieElsewhere = placement.hosts != nil && (request.run.checkpointCopies ?? 1) > 1
    let start = try Resume.from(request, Console(speaks: true), elsewhere: mayLieElsewhere)
    let (plan, rank) = try meet(from: start, placement, through: nil, PhaseReporter([:], slot: 0))
    // A network is built only if a checkpoint, frozen parts or a teacher must fit it.
    let recipe = plan.recipe
    let needsNetwork = start != nil || !recipe.tuning.frozen.isEmpty || recipe.distillation.isOn
    let resumed = needsNetwork ? try Start(plan, rank, from: start).resumed : nil
    plan.sayRecipe(on: rank.console)
    if request.run.trains {
      plan.sayStart(of: rank)
      for line in Expectation(plan, rank, done: resumed?.steps ?? 0).lines { rank.console.print(line) }
    }
    for line in try plan.shardLines(on: placement) { rank.console.print(line) }
    if let hosts = placement.hosts?.hosts {
      rank.console.print(
        "Hosts: \(hosts); this one alone was looked at, and the \(hosts == 2 ? "other was" : "others were") not asked"
      )
    }
    rank.console.print(
      MachineLine.text(computingOn: rank.device, isDeterministic: request.run.deterministic))
    rank.console.print("Nothing was written: --dry-run")
  }

  /// Makes all checks that one rank can make alone, then meets the others; settings without effect are
  /// reported.
  private func meet(
    from start: Resume?, _ placement: RankEnvironment, through entrance: HostsEntrance?,
    _ phases: PhaseReporter
  ) throws -> (RunPlan, Rank) {
    var plan = try RunPlan(
      request, over: start?.values(for: request), classes: request.run.eval ? start?.classes ?? [] : [],
      for: placement)
    let rank = try Rank(placement, through: entrance, of: plan, phases)
    let ofPrecision = try plan.settlePrecision(for: rank.device, isNamed: request.names("precision.dtype"))
    if rank.isFirst {
      let sentences = try request.warnings(
        worldSize: placement.worldSize, over: plan.saved, onCard: rank.device.kind != .cpu,
        hosts: placement.hosts?.hosts ?? 1,
        sumsTravel: placement.sendsSums)
      let environment = ProcessInfo.processInfo.environment
      let ofDevice =
        plan.settings.device == nil
        ? DeviceSurvey.now(environment).note(workers: placement.localWorldSize) : nil
      // A launcher reports this once for all of its workers.
      let saysChoice = placement.rendezvous == nil && plan.settings.device != .cpu
      let ofChoice = saysChoice ? Cards.ofThisMachine(environment: environment).compactMap(\.fault) : []
      for sentence in sentences + ofChoice
        + [ofDevice, ofPrecision, start?.assumption(for: request), plan.missingClasses].compactMap(\.self)
      {
        Console.warn("note: \(sentence)")
      }
    }
    return (plan, rank)
  }

  private func prepare(
    from start: Resume?, _ placement: RankEnvironment, through entrance: HostsEntrance?,
    _ phases: PhaseReporter,
    keepsCopies: Bool
  ) throws -> TrainingRun {
    var (plan, rank) = try meet(from: start, placement, through: entrance, phases)
    let host = placement.hosts?.host
    // First, since weights may determine classes and network.
    try Origin.agree(on: try Origin(start, plan.settings, on: host), in: rank.group)
    try Likeness.agree(on: Likeness(plan, on: host), in: rank.group)
    try plan.divideShards(among: rank)
    return try TrainingRun(plan, rank, try Start(plan, rank, from: start), keepsCopies: keepsCopies)
  }

  /// `--print-config`: prints the recipe that these flags give, on rank 0.
  private func printConfiguration(_ placement: RankEnvironment) throws {
    let console = Console(speaks: placement.isFirst)
    let saved = try Resume.from(request, console)?.values(for: request)
    let text = try request.configuration(
      worldSize: placement.worldSize, hostSize: placement.localWorldSize, over: saved)
    console.print(text)
  }

  /// Evaluates or trains; outcomes that all ranks reach at the same step are reported by rank 0 only.
  private func perform(_ run: TrainingRun, _ placement: RankEnvironment) throws {
    do {
      let status = try endingTogether(run.rank.group) {
        let status = try work(run, placement)
        run.rank.phases.enter(.done)
        return status
      }
      if status != 0 { throw ArgumentParser.ExitCode(status) }
    } catch let shared as SharedFailure {
      if placement.isFirst { throw shared.failure }
      throw ArgumentParser.ExitCode(shared.failure.exitStatus.rawValue)
    } catch TrainingError.diverged where !placement.isFirst {
      throw ArgumentParser.ExitCode(Failure.diverged)
    } catch TrainingError.weightsDiffer where !placement.isFirst {
      throw ArgumentParser.ExitCode(Failure.software)
    }
  }

  /// Runs the work and returns the exit status.
  private func work(_ run: TrainingRun, _ placement: RankEnvironment) throws -> CInt {
    // A measurement has nothing to save, so signals end it as usual.
    if request.run.throughput {
      try run.measureThroughput()
    } else if request.run.eval {
      try run.evaluate()
    } else if let updates = request.run.lrFind {
      try run.findRate(
        updates: updates, toBegin: request.beginning, isLaunched: placement.rendezvous != nil)
    } else {
      StopSignal.listen(underLauncher: placement.rendezvous != nil)
      return try run.train().rawValue
    }
    return 0
  }

  /// Runs the start, in which every rank meets the same bad flag or image folder: only rank 0 reports it.
  ///
  /// The others wait to be ended by the launcher; if rank 0 does not fail after all, they report it.
  private func reportingOnce<Result>(_ placement: RankEnvironment, _ start: () throws -> Result) throws
    -> Result
  {
    do {
      return try start()
    } catch let error as OwnFailure {
      throw error.failure
    } catch {
      if !placement.isFirst { Thread.sleep(forTimeInterval: 20) }
      throw error
    }
  }
}
