import Collective
import Data
import Model
import Recipe
import System
import Torch
import Training

/// Times training steps of all ranks together, in turns with the same steps of every rank on its own.
struct StepMeasurement {
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
    try Trainer(try Twins(recipe, classes: 1000, on: .cpu), recipe: recipe, group: group, on: .cpu)
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

  private func slowest(of trainer: Trainer) throws -> Double {
    try group.barrier()
    let watch = Stopwatch()
    _ = try trainer.step(batch, epoch: 0, learningRate: 5e-4)
    let own = watch.elapsed
    let all = try group.allGather(withUnsafeBytes(of: own) { Array($0) })
    return all.map { bytes in bytes.withUnsafeBytes { $0.loadUnaligned(as: Double.self) } }.max() ?? own
  }
}
