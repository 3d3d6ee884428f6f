import ArgumentParser
import Drawing
import Flags
import FoundationEssentials
import Glibc
import Recipe
import RunControl
import System
import WorkerLink

/// `twins-launch sweep FILE`.
struct SweepCommand: LaunchCommand {
  static let configuration = CommandConfiguration(
    commandName: "sweep",
    abstract: "Train with many values of flags, and say which are best.",
    discussion: """
      FILE is JSON. Every combination of some values, over the flags that all runs have:
        {"flags": {"nproc": 2, "data-path": "images", "model": "alt_gvt_small", "recipe": "finetune"},
         "grid": {"lr": [3e-5, 1e-4, 3e-4], "layer-decay": [0.75, 1]},
         "figure": "acc1", "output": "runs/rates"}
      Or draws from lists and ranges, the same ones each time, in the place of grid:
         "random": {"runs": 8, "seed": 1, "flags": {"lr": {"min": 1e-5, "max": 1e-3, "log": true}, "opt": ["adamw", "sgd"]}}
      A switch is true or false; null leaves a flag out; a range between whole numbers draws whole ones. The figure that \
      decides is acc1, balanced, ema or loss, the best of a run's epochs.
      Each run is a training in a folder of its own, run-001 and so on, which status, watch and compare know; they lie in \
      output, or where FILE says none, in a folder here that is called as FILE is, without its ending. \
      twins-launch status FOLDER shows the table. A sweep that was stopped or killed goes on by the same command: it finds what is done in the runs' files. A run whose launcher was \
      killed goes on up to twice; one that failed is marked, and does not stop the others. The folder then has \
      sweep.csv and sweep.json, the best first.
      Ends with 0 where every run is done, 75 where it was stopped or a run was, and else with the status of the first run \
      that failed; 64, 66 and 78 are about FILE and its folder. 74 where the table cannot be written: before the first run, or \
      when all runs have ended.
      """)

  @Argument(
    help: ArgumentHelp("What to train: flags, and the values to try.", valueName: "file"),
    transform: withHomeFolder)
  var file: String

  @Option(
    help: ArgumentHelp(
      "Runs side by side; cards, or else processors, are divided among them.", valueName: "n"))
  var parallel = 1

  @Flag(help: "Print the runs and what is wrong with their flags, and end; nothing is written.")
  var dryRun = false

  func validate() throws {
    guard (1...WorkerCount.limit).contains(parallel) else {
      throw ValidationError(
        "--parallel has to be a number from 1 to \(WorkerCount.limit), and is \(parallel).")
    }
  }

  func launch(_ signals: consuming SignalReader, environment: [String: String]) throws -> CInt {
    let plan = SweepPlan(try SweepFile(path: file))
    let refusals = plan.runs.compactMap { SweepCheck.refusal(of: $0) }
    if dryRun { show(plan) }
    if !refusals.isEmpty {
      fflush(nil)
      var errors = Sink(descriptor: STDERR_FILENO)
      errors.write("twins-launch: \(masked(file)): \(SweepCheck.text(refusals, of: plan.runs.count))\n")
      errors.drain(patience: .seconds(5))
    }
    if dryRun { try SweepFolder.requireSame(plan) }
    if dryRun || refusals.count == plan.runs.count { return refusals.first?.status ?? 0 }
    let lanes = try lanes(plan, besides: refusals, environment)
    let folder = try SweepFolder(plan)
    try SweepFolder.requireSame(plan)
    let sweep = try Sweep(plan, in: folder, lanes, environment: environment)
    return try sweep.run(refusing: refusals, signals)
  }

  private func show(_ plan: SweepPlan) {
    print(
      "sweep of \(counted(plan.runs.count, "run")) in \(masked(plan.output)), judged by \(plan.figure.title)\n"
    )
    let rows = plan.runs.map { [$0.name] + $0.values.map { masked($0) } }
    print(columns([["run"] + plan.flags] + rows).joined(separator: "\n"))
    if let first = plan.runs.first {
      print("\nthe first: twins-launch train \(shellQuoted(first.arguments))")
    }
  }

  /// Divides the machine among the runs, by the needs of the first one that can start.
  private func lanes(
    _ plan: SweepPlan, besides refusals: [SweepRefusal], _ environment: [String: String]
  ) throws -> SweepLanes {
    let first = plan.runs.first { run in !refusals.contains { $0.run == run } }
    let command = try TrainCommand.parse(first?.arguments ?? [])
    let (run, launch) = (command.training.run, command.launch)
    let cards = WorkerCards(for: run.device, library: run.deviceLibrary, environment: environment)
    let isNamed =
      launch.threadsPerWorker ?? run.threads != nil
      || ThreadVariable.allCases.contains { environment[$0.rawValue] != nil }
    // Runs that were refused need no share.
    return try SweepLanes(
      min(parallel, plan.runs.count - refusals.count),
      cards: run.deviceLibrary == nil ? cards.ofDrivers : nil, processors: Processors.usable,
      workers: launch.workers.resolved { cards.count }, named: isNamed)
  }
}
