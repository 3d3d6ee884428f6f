import ArgumentParser
import Collective
import Datasets
import Flags
import Recipe
import System
import Torch
import Training

/// `bench evaluation`: how fast one worker evaluates random images, with evaluation's kernels.
struct BenchEvaluation: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "evaluation",
    abstract: "Time evaluation: from the pixels of a batch to its count of right answers, on random images.",
    usage: "twins-worker bench evaluation [--model NAME] [--amp LEVEL] [flags]")

  @OptionGroup var work: MeasurementFlags

  @Option(help: ArgumentHelp("Images in a batch.", valueName: "n"))
  var batchSize = 32

  @Option(
    help: ArgumentHelp("Threads to compute with. (default: OMP_NUM_THREADS, or the cores)", valueName: "n"))
  var threads: Int?

  @Flag(help: "Show where the time goes, by operation, in the place of how long it takes.")
  var profile = false

  func validate() throws {
    try Worker.validate(batchSize, "--batch-size", in: batchSizes)
    try Worker.validate(threads, "--threads", in: 1...manyThreads)
    if profile, work.json { throw ValidationError("--profile is a table to read: leave --json out") }
  }

  func run() throws {
    Runtime.keepMemory()
    if let threads { Runtime.threads = threads }
    try requireRoom(threads: 4 + 2 * Runtime.threads)
    var recipe = try work.recipe(batchSize: batchSize)
    let device = try Device(work.place)
    if let ofPrecision = recipe.settlePrecision(for: device) { Console.warn("note: \(ofPrecision)") }
    if profile { try StepProfile.require(device) }
    let measured = try makeNetwork(recipe, classes: 1000, on: device)
    let evaluator = Evaluator(recipe: recipe, group: SoloGroup(), on: device)
    let batch = PixelBatch.noise(count: batchSize, size: recipe.data.inputSize, seed: 0)
    // As in a run, a card's batch is waited for when the next one is launched.
    var open: LaunchedTally?
    func evaluate(times: Int) -> [Double] {
      (0..<times).map { _ in
        let watch = Stopwatch()
        let launched = evaluator.launch(batch, by: measured)
        _ = (launched.isKnown ? launched : open)?.tally()
        open = launched
        return watch.elapsed
      }
    }
    _ = evaluate(times: StepTimes.warmUps)
    if profile {
      let profile = Profile { _ = evaluate(times: work.steps) }
      print(StepProfile(profile, steps: work.steps, peak: Runtime.peakRate(recipe.computeType)).table)
    } else {
      let times = StepTimes(together: evaluate(times: work.steps))
      let report = StepReport(times, recipe, on: device)
      try work.json ? Swift.print(jsonLine(report)) : print(report.sentence)
    }
  }
}
