import Collective
import Model
import Recipe
import Testing
import Torch

@testable import Training

/// Blocks that are computed again in backward.
@Suite(.serialized) struct RecomputationTests {
  /// What a rank comes to in three steps.
  private struct Result: Equatable, Sendable {
    let weights: UInt64
    let losses: [Double]
    let norms: [Double]
  }

  private func result(
    _ network: any Network, _ group: any ProcessGroup, _ recipe: Recipe, recomputes: Bool
  ) throws -> Result {
    var parallelism = Parallelism()
    parallelism.recomputesBlocks = recomputes
    // Several, which are summed while backward computes blocks again.
    parallelism.bucketBytes = 1 << 18
    let trainer = try Trainer(network, recipe: recipe, group: group, on: .cpu, parallelism: parallelism)
    let steps = try (0..<3).map { step in
      try trainer.step(
        RuleBatch(step: step, count: 2 * group.size).share(of: group.rank, among: group.size), epoch: 0,
        learningRate: 1e-3)
    }
    return Result(
      weights: weightsFingerprint(of: trainer), losses: steps.map(\.loss), norms: steps.map(\.gradientNorm))
  }

  /// Everywhere the same bits; the losses of the first rank.
  @discardableResult
  private func expectSameBits(
    ranks: Int = 1, _ recipe: Recipe, of make: @escaping @Sendable () throws -> any Network
  ) throws -> [Double] {
    let kept = try onGroup(of: ranks) { try result(try make(), $0, recipe, recomputes: false) }
    let recomputed = try onGroup(of: ranks) { try result(try make(), $0, recipe, recomputes: true) }
    #expect(kept == recomputed)
    #expect(Set(kept.map(\.weights)).count == 1)
    return kept[0].losses
  }

  @Test(arguments: Recipe.Precision.Kernels.allCases, [1, 3])
  func `the same bits, with branches dropped`(kernels: Recipe.Precision.Kernels, ranks: Int) throws {
    let recipe = makeRecipe { $0.precision.kernels = kernels }
    let losses = try expectSameBits(ranks: ranks, recipe) { try makeRuleNetwork(dropPath: 0.3) }
    #expect(Set(losses).count == 3)
  }

  @Test(arguments: Recipe.Precision.Kernels.allCases)
  func `the same bits in bfloat16 and over parts of a batch`(kernels: Recipe.Precision.Kernels) throws {
    let recipe = makeRecipe {
      ($0.precision.kernels, $0.precision.level, $0.accumulation) = (kernels, .O1, 2)
    }
    try expectSameBits(recipe) { try makeRuleNetwork(dropPath: 0.3) }
  }

  @Test func `the same bits with dropout, which is drawn before the pass`() throws {
    try expectSameBits(makeRecipe { $0.model.dropout = 0.2 }) { try makeRuleNetwork() }
  }

  /// Nobody asks for the gradient of the first block's input, or of any block's.
  @Test(arguments: ["patch_embeds.0", "backbone", "stages:0-1", "blocks.0"])
  func `the same bits where parts are frozen`(parts: String) throws {
    try expectSameBits(makeRecipe { $0.tuning.frozen = parts }) { try makeRuleNetwork(dropPath: 0.1) }
  }

  @Test func `the same bits of the other family`() throws {
    try expectSameBits(makeRecipe()) { makeRuleDeiT() }
  }
}
