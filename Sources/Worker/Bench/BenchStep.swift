import ArgumentParser
import Collective
import Datasets
import Flags
import Foundation
import Model
import Recipe
import System
import Torch
import Training
import WorkerLink

/// `bench step`: how fast workers train on random images, without loading data or logging.
///
/// Without a launcher it times one worker; under twins-launch all together, alternating with the same steps
/// separately.
struct BenchStep: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "step", abstract: "Time a training step: forward, backward, clip, AdamW, on random images."
  )

  @OptionGroup var work: StepFlags

  @Option(
    help: ArgumentHelp("Threads to compute with. (default: OMP_NUM_THREADS, or the cores)", valueName: "n"))
  var threads: Int?

  @Flag(help: "Show where a step's time goes, by operation, in the place of how long it takes.")
  var profile = false

  func validate() throws {
    try Worker.validate(threads, "--threads", in: 1...manyThreads)
    if profile, work.measurement.json {
      throw ValidationError("--profile is a table to read: leave --json out")
    }
  }

  func run() throws {
    let placement = try RankEnvironment(ProcessInfo.processInfo.environment)
    Lifeline.watch(placement)
    Runtime.keepMemory()
    if let threads { Runtime.threads = threads }
    try requireRoom(threads: 4 + 2 * Runtime.threads)
    var recipe = try work.recipe(worldSize: placement.worldSize)
    let device = try Device(work.measurement.place, for: placement)
    let ofPrecision = recipe.settlePrecision(for: device)
    if let ofPrecision, placement.isFirst { Console.warn("note: \(ofPrecision)") }
    if profile { try StepProfile.require(device) }
    let summing = try SummingRanks(
      try placement.group(recipe, through: placement.entrance()), on: device, by: work.sumBy)
    let group = summing.group
    if placement.isFirst, let line = summing.line { Console.warn("note: \(line)") }
    var parallelism = Parallelism()
    (parallelism.recordsSteps, parallelism.recomputesBlocks) = (!work.noGraph, work.gradCheckpointing)
    parallelism.prefetchesWeights = placement.hostCount > 1
    let measurement = try StepMeasurement(recipe, group, on: device, parallelism)
    if profile {
      let profile = try measurement.profile(steps: work.measurement.steps)
      if placement.isFirst {
        let peak = Runtime.peakRate(recipe.computeType)
        print(StepProfile(profile, steps: work.measurement.steps, peak: peak).table)
      }
      return group.close()
    }
    let times = try measurement.times(steps: work.measurement.steps)
    if placement.isFirst {
      let report = StepReport(times, recipe, on: device)
      try work.measurement.json ? Swift.print(jsonLine(report)) : print(report.sentence)
    }
    group.close()
  }
}

/// Times training steps of all ranks together, alternating with the same steps of each rank alone.
private final class StepMeasurement {
  private let group: any ProcessGroup
  private let together: Trainer
  /// Nil for one rank.
  private let apart: Trainer?
  private let batch: PixelBatch
  private let listener = Listener()
  /// The step that a card is still running.
  private var open: LaunchedStep?

  /// Steps before the first timed one; on a card one of them may be recorded.
  private let warmUps: Int

  init(_ recipe: Recipe, _ group: any ProcessGroup, on device: Device, _ parallelism: Parallelism) throws {
    self.group = group
    warmUps = max(StepTimes.warmUps, device == .cpu ? 0 : Trainer.unlikeSteps)
    func trainer(_ group: any ProcessGroup) throws -> Trainer {
      let network = try makeNetwork(recipe, classes: 1000, on: device)
      if let fault = network.freezingFault(recipe) {
        throw Failure("--freeze \(recipe.tuning.frozen): \(fault)", exitStatus: .usage)
      }
      return try Trainer(network, recipe: recipe, group: group, on: device, parallelism: parallelism)
    }
    together = try trainer(group)
    if group.rank == 0 { together.observers = [listener] }
    // With a network of its own, since gradients are views into the latest trainer's buffer.
    apart = group.size > 1 ? try trainer(SoloGroup()) : nil
    batch = .noise(count: recipe.data.batchSize, size: recipe.data.inputSize, seed: UInt64(group.rank))
  }

  /// Warms up, then times `steps` steps; the order of the two kinds alternates.
  func times(steps: Int) throws -> StepTimes {
    var times = StepTimes()
    for number in 0..<steps + warmUps {
      let isWarm = number >= warmUps
      let inOrder = [true, false].map { number.isMultiple(of: 2) ? $0 : !$0 }
      for isTogether in inOrder {
        guard let trainer = isTogether ? together : apart else { continue }
        let seconds = try slowest(of: trainer)
        if isWarm && isTogether { times.together.append(seconds) }
        if isWarm && !isTogether { times.apart.append(seconds) }
      }
    }
    return times
  }

  /// Warms up, then profiles `steps` steps of all ranks together.
  func profile(steps: Int) throws -> Profile {
    for _ in 0..<warmUps { _ = try slowest(of: together) }
    return try Profile { for _ in 0..<steps { _ = try slowest(of: together) } }
  }

  private func slowest(of trainer: Trainer) throws -> Double {
    try group.barrier()
    let watch = Stopwatch()
    let step = try trainer.launch(batch, epoch: 0, learningRate: 5e-4)
    if group.size > 1 {
      _ = try step.record()
    } else {
      // As in training, a card's previous step is waited for.
      _ = try open?.record()
      open = step
    }
    let own = watch.elapsed
    let all = try group.allGather(withUnsafeBytes(of: own) { Array($0) })
    return all.map { bytes in bytes.withUnsafeBytes { $0.loadUnaligned(as: Double.self) } }.max() ?? own
  }
}

/// Prints to standard error how steps are executed, since that is what is timed.
private final class Listener: StepObserver {
  func hear(_ sentence: String) { Console.warn("note: \(sentence)") }
}
