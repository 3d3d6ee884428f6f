import ArgumentParser
import Flags
import Foundation
import Model
import Recipe
import Torch
import Training

/// `bench step`: how fast one worker trains on random pictures, without data, logs or other ranks.
struct BenchStep: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "step", abstract: "Time a training step: forward, backward, clip, AdamW, on random pictures."
  )

  @Option(help: ArgumentHelp("Network, by the reference's name or timm's.", valueName: "name"))
  var model = "alt_gvt_small"

  @Option(help: ArgumentHelp("Pictures in a step.", valueName: "n"))
  var batchSize = 16

  @Option(help: ArgumentHelp("O0: float32. O1: matrix products in bfloat16.", valueName: "level"))
  var amp = AmpLevel.O0

  @Option(
    help: ArgumentHelp("Threads to compute with. (default: OMP_NUM_THREADS, or the cores)", valueName: "n"))
  var threads: Int?

  @Option(help: ArgumentHelp("Steps to time, after two to warm up.", valueName: "n"))
  var steps = 5

  @Option(help: ArgumentHelp("Highest drop-path rate.", valueName: "rate"))
  var dropPath = 0.2

  @Option(help: ArgumentHelp("Side of the pictures.", valueName: "pixels"))
  var inputSize = 224

  @Flag(help: "Print one JSON object.")
  var json = false

  func validate() throws {
    try validateAtLeastOne("--batch-size", batchSize)
    try validateAtLeastOne("--threads", threads ?? 1)
    try validateAtLeastOne("--steps", steps)
    guard inputSize >= 32 else { throw ValidationError("--input-size \(inputSize): must be at least 32") }
    guard (0..<1).contains(dropPath) else {
      throw ValidationError("--drop-path \(dropPath): must be from 0 to below 1")
    }
  }

  func run() throws {
    Runtime.keepMemory()
    if let threads { Runtime.threads = threads }
    var recipe = Recipe()
    recipe.model.name = try ModelName.canonical(model)
    recipe.model.dropPath = dropPath
    let seconds = time(try Twins(recipe, classes: 1000, on: .cpu)).sorted()
    let report = Report(
      model: recipe.model.name, batchSize: batchSize, amp: amp.rawValue, threads: Runtime.threads,
      steps: steps,
      imagesPerSecond: Double(batchSize) / seconds[seconds.count / 2],
      best: Double(batchSize) / seconds[0], peakMegabytes: ProcessMemory.peakMegabytes)
    print(json ? try jsonLine(report) : report.sentence)
  }

  private func time(_ network: Twins) -> [Double] {
    let pictures = Tensor.empty([batchSize, 3, inputSize, inputSize])
    pictures.fillNormal(deviation: 1, seed: 1)
    let labels = Tensor((0..<batchSize).map { Int64($0 % 1000) }, [batchSize])
    let gradients = GradientBuffer(network.parameters, on: .cpu)
    let optimizer = makeOptimizer(network.parameters, Recipe.Optimizer())
    let clock = ContinuousClock()
    let seconds = (0..<steps + 2).map { step in
      clock.measure {
        gradients.zero()
        let pass = Pass.training(
          DropPath(seed: 0, epoch: step, pictures: Array(0..<batchSize)),
          products: amp == .O1 ? .bfloat16 : .float32)
        crossEntropy(network(pictures, pass), labels, smoothing: 0.1).backward()
        _ = gradients.clip(to: 5)
        optimizer.update(learningRate: 5e-4)
      } / .seconds(1)
    }
    return Array(seconds.dropFirst(2))
  }

  private struct Report: Encodable {
    let model: String
    let batchSize: Int
    let amp: String
    let threads: Int
    let steps: Int
    let imagesPerSecond: Double
    let best: Double
    let peakMegabytes: Double

    var sentence: String {
      String(
        format: "%@ batch %d %@ on %d threads: %.2f images/s (median of %d steps, best %.2f), peak %.0f MB",
        model, batchSize, amp, threads, imagesPerSecond, steps, best, peakMegabytes)
    }
  }
}
