import ArgumentParser
import Collective
import Data
import Flags
import Foundation
import Recipe
import Torch

/// `bench step`: how fast workers train on random pictures, without data and logs.
///
/// Alone, one worker by itself; under twins-launch, all of them together, in turns with the same steps on their own.
struct BenchStep: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "step", abstract: "Time a training step: forward, backward, clip, AdamW, on random pictures."
  )

  @OptionGroup var work: StepFlags

  @Option(
    help: ArgumentHelp("Threads to compute with. (default: OMP_NUM_THREADS, or the cores)", valueName: "n"))
  var threads: Int?

  func validate() throws { try Worker.validate(threads, "--threads", in: 1...manyThreads) }

  func run() throws {
    let placement = try Placement(ProcessInfo.processInfo.environment)
    Lifeline.watch(placement)
    Runtime.keepMemory()
    if let threads { Runtime.threads = threads }
    try requireRoom(threads: 4 + 2 * Runtime.threads)
    let recipe = try work.recipe(worldSize: placement.worldSize)
    let group = try placement.group(recipe)
    let measurement = try StepMeasurement(recipe, group)
    let times = try measurement.times(steps: work.steps)
    if placement.isFirst {
      let report = StepReport(times, recipe, threads: Runtime.threads)
      print(work.json ? try jsonLine(report) : report.sentence)
    }
    group.close()
  }
}
