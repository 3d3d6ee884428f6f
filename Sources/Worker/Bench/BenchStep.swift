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

/// `bench step`: how fast workers train on random images, without data and logs.
///
/// Alone, one worker by itself; under twins-launch, all of them together, in turns with the same steps on their own.
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
    if profile, work.json { throw ValidationError("--profile is a table to read: leave --json out") }
  }

  func run() throws {
    let placement = try RankEnvironment(ProcessInfo.processInfo.environment)
    Lifeline.watch(placement)
    Runtime.keepMemory()
    if let threads { Runtime.threads = threads }
    try requireRoom(threads: 4 + 2 * Runtime.threads)
    let recipe = try work.recipe(worldSize: placement.worldSize)
    let group = try placement.group(recipe)
    let measurement = try StepMeasurement(recipe, group)
    if profile {
      let profile = try measurement.profile(steps: work.steps)
      if placement.isFirst {
        print(StepProfile(profile, steps: work.steps, peak: Runtime.peakRate(recipe.computeType)).table)
      }
      return group.close()
    }
    let times = try measurement.times(steps: work.steps)
    if placement.isFirst {
      let report = StepReport(times, recipe, threads: Runtime.threads)
      print(work.json ? try jsonLine(report) : report.sentence)
    }
    group.close()
  }
}

/// Times training steps of all ranks together, in turns with the same steps of every rank on its own.
private struct StepMeasurement {
  private let group: any ProcessGroup
  private let together: Trainer
  /// Nil for one rank, where nothing is to be compared.
  private let apart: Trainer?
  private let batch: PixelBatch

  private static let warmUps = 2

  /// Seconds of each step, the slowest rank's.
  struct Times {
    var together: [Double] = []
    var apart: [Double] = []
  }

  init(_ recipe: Recipe, _ group: any ProcessGroup) throws {
    self.group = group
    together = try Self.trainer(recipe, group)
    // With a network of its own: gradients are views into the buffer of the trainer that was made last.
    apart = group.size > 1 ? try Self.trainer(recipe, SoloGroup()) : nil
    batch = .noise(count: recipe.data.batchSize, size: recipe.data.inputSize, seed: UInt64(group.rank))
  }

  private static func trainer(_ recipe: Recipe, _ group: any ProcessGroup) throws -> Trainer {
    try Trainer(try makeNetwork(recipe, classes: 1000, on: .cpu), recipe: recipe, group: group, on: .cpu)
  }

  /// Warms up, then times `steps` steps; which kind comes first alternates.
  func times(steps: Int) throws -> Times {
    var times = Times()
    for number in 0..<steps + Self.warmUps {
      let isWarm = number >= Self.warmUps
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
    for _ in 0..<Self.warmUps { _ = try slowest(of: together) }
    return try Profile { for _ in 0..<steps { _ = try slowest(of: together) } }
  }

  private func slowest(of trainer: Trainer) throws -> Double {
    try group.barrier()
    let watch = Stopwatch()
    _ = try trainer.step(batch, epoch: 0, learningRate: 5e-4)
    let own = watch.elapsed
    let all = try group.allGather(withUnsafeBytes(of: own) { Array($0) })
    return all.map { bytes in bytes.withUnsafeBytes { $0.loadUnaligned(as: Double.self) } }.max() ?? own
  }
}

/// What `bench step` prints.
private struct StepReport: Encodable {
  let model: String
  /// Images in a step of one worker.
  let batchSize: Int
  let amp: String
  let threads: Int
  let workers: Int
  let steps: Int
  /// Of all workers together, from the median step.
  let imagesPerSecond: Double
  /// From the fastest step.
  let best: Double
  /// The same steps without communication; nil for one worker.
  let imagesPerSecondApart: Double?
  /// What communication leaves of the speed; nil for one worker.
  let efficiency: Double?
  let peakMegabytes: Double

  init(_ times: StepMeasurement.Times, _ recipe: Recipe, threads: Int) {
    let images = Double(recipe.data.batchSize * recipe.worldSize)
    let together = times.together.sorted()
    let apart = times.apart.isEmpty ? nil : times.apart.sorted()[times.apart.count / 2]
    let median = together[together.count / 2]
    model = recipe.model.name
    batchSize = recipe.data.batchSize
    amp = recipe.precision.level.rawValue
    self.threads = threads
    workers = recipe.worldSize
    steps = together.count
    imagesPerSecond = images / median
    best = images / together[0]
    imagesPerSecondApart = apart.map { images / $0 }
    efficiency = apart.map { $0 / median }
    peakMegabytes = ProcessMemory.peakMegabytes
  }

  /// One line to read.
  var sentence: String {
    let crowd = workers > 1 ? "\(workers) workers of " : ""
    let start =
      "\(model) batch \(batchSize) \(amp) on \(crowd)\(threads) threads: \(fixed(imagesPerSecond, 2)) images/s "
      + "(median of \(steps) steps, best \(fixed(best, 2))), peak \(fixed(peakMegabytes, 0)) MB"
    guard let imagesPerSecondApart, let efficiency else { return start }
    return start
      + "; \(fixed(imagesPerSecondApart, 2)) images/s without communication, ratio \(fixed(efficiency, 3))"
  }
}
