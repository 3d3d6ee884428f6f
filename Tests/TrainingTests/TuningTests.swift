import Checkpoint
import Collective
import Foundation
import Model
import Recipe
import TestSupport
import Testing
import Torch

@testable import Training

@Suite struct TuningTests {
  /// What timm's `param_groups_layer_decay` gives a model: `scripts/goldens/tuning.py`.
  private struct Table: Decodable {
    /// A factor, and how many parameters in a row have it.
    let scales: [[Double]]
    let decays: String
  }

  @Test func `every parameter of every network has timm's rate and decay`() throws {
    let data = try Data(contentsOf: Golden.url("layer_decay.json", in: .module))
    let tables = try JSONDecoder().decode([String: Table].self, from: data)
    #expect(Set(tables.keys) == Set(ModelFacts.all.map(\.name)))
    var recipe = Recipe()
    recipe.tuning.layerDecay = 0.75
    for (name, table) in tables {
      let network: any Network =
        if let twins = TwinsConfiguration.named(name) { Twins(twins, classes: 1000) } else {
          VisionTransformer(try #require(VisionTransformer.Shape.named(name)), side: 224, classes: 1000)
        }
      let factors = Pacing(recipe, network).paces(thawedAfter: nil).map { $0?.factor ?? 0 }
      let wanted = table.scales.flatMap { Array(repeating: $0[0], count: Int($0[1])) }
      #expect(factors.count == wanted.count, "\(name)")
      #expect(zip(factors, wanted).allSatisfy { abs($0 - $1) <= 1e-14 * $1 }, "\(name)")
      #expect(network.parameters.map { $0.decays ? "1" : "0" }.joined() == table.decays, "\(name)")
    }
  }

  private static func tuned(_ change: (inout Recipe) -> Void = { _ in }) -> Recipe {
    makeRecipe {
      $0.tuning.frozen = "stages:0-1"
      $0.tuning.unfreezeEpoch = 1
      $0.tuning.layerDecay = 0.75
      $0.tuning.headRate = 10 * $0.schedule.rate
      change(&$0)
    }
  }

  /// Steps of which the sixth begins the second epoch.
  private static func train(
    _ trainer: Trainer, _ steps: Range<Int>, images: Int = 16, rank: Int = 0, ranks: Int = 1
  ) throws -> [StepRecord] {
    try steps.map { step in
      if step == 5 { try trainer.settle() }
      #expect(trainer.begin(epoch: step / 5) == (step == 5))
      return try trainer.step(
        RuleBatch(step: step, count: images).share(of: rank, among: ranks), epoch: step / 5,
        learningRate: 1e-3)
    }
  }

  @Test(arguments: Recipe.Precision.Kernels.allCases)
  func `ten steps of which five freeze two stages are PyTorch's`(kernels: Recipe.Precision.Kernels) throws {
    let golden = try Golden("tuned_ten_steps", in: .module)
    let trainer = try makeTrainer(recipe: Self.tuned { $0.precision.kernels = kernels })
    let steps = try Self.train(trainer, 0..<10)
    for (found, wanted) in zip(steps.map(\.loss), try golden.floats("loss")) {
      #expect(abs(found - Double(wanted)) <= 1e-3 * Double(wanted))
    }
    for (found, wanted) in zip(steps.map(\.gradientNorm), try golden.floats("gradient_norm")) {
      #expect(abs(found - Double(wanted)) <= 1e-3 * Double(wanted))
    }
    for parameter in trainer.network.parameters where golden.names.contains("parameter." + parameter.name) {
      let values: [Float] = parameter.tensor.elements()
      let samples = (0..<16).map { values[$0 * values.count / 16] }
      #expect(
        relativeError(samples, try golden.floats("parameter." + parameter.name)) <= 1e-3, "\(parameter.name)")
    }
  }

  @Test func `what is frozen keeps its weights and moments, and has neither gradient nor bucket`() throws {
    let trainer = try makeTrainer(recipe: makeRecipe { $0.tuning.frozen = "backbone" })
    let before = weights(of: trainer)
    _ = try trainer.step(RuleBatch(step: 0, count: 4).share(of: 0), epoch: 0, learningRate: 1e-3)
    let learns = zip(before, weights(of: trainer)).map { $0 != $1 }
    #expect(zip(trainer.network.parameters, learns).allSatisfy { $0.name.hasPrefix("head.") == $1 })
    let flat = trainer.flat
    for (index, parameter) in flat.parameters.enumerated() where !parameter.name.hasPrefix("head.") {
      let left = flat.gradients.parts[index].elements(as: Float.self)
      let moments = trainer.optimizer.moments.flatMap { $0.parts[index].elements(as: Float.self) }
      #expect(left.allSatisfy { $0 == 0 } && moments.allSatisfy { $0 == 0 }, "\(parameter.name)")
    }
    let head = flat.layout.places[flat.parameters.count - 2].range.upperBound
    #expect(flat.layout.learning.map(\.lowerBound) == [0])
    #expect(flat.layout.buckets.last.map { $0.upperBound < head + BlockLayout(size: 1).blockLength } == true)
  }

  @Test(arguments: [true, false])
  func `three ranks freeze and thaw as one does, and go on from a checkpoint to the bit`(shards: Bool) throws
  {
    let folder = try TemporaryFolder()
    let path = folder.path
    let recipe = Self.tuned { $0.ema.enabled = true }
    let alone = try Self.train(makeTrainer(recipe: recipe), 0..<8, images: 6)
    let together = try onGroup(of: 3, blockLength: 1000, sharing: true) { group in
      var parallelism = Parallelism()
      parallelism.shardsOptimizer = shards
      let trainer = try makeTrainer(group, recipe: recipe, parallelism: parallelism)
      var steps = try Self.train(trainer, 0..<6, images: 6, rank: group.rank, ranks: 3)
      let state = TrainingState(
        epoch: 1, steps: 6, bestAccuracy: 0, classes: [], recipe: recipe, thawedAfter: trainer.thawedAfter)
      try trainer.save(state, as: CheckpointName(epoch: 1), in: CheckpointStore(folder: path))
      steps += try Self.train(trainer, 6..<8, images: 6, rank: group.rank, ranks: 3)
      return (steps, weightsFingerprint(of: trainer))
    }
    for (one, three) in zip(alone, together[0].0) { #expect(abs(one.loss - three.loss) <= 1e-4 * one.loss) }
    let resumed = try onGroup(of: 3, blockLength: 1000, sharing: true) { group in
      let trainer = try makeTrainer(group, recipe: recipe)
      _ = try trainer.resume(try VerifiedCheckpoint(verifying: path + "/epoch-0001"))
      _ = try Self.train(trainer, 6..<8, images: 6, rank: group.rank, ranks: 3)
      return weightsFingerprint(of: trainer)
    }
    #expect(resumed == together.map(\.1) && Set(resumed).count == 1)
  }

  @Test func `other parts that are frozen when a run goes on stay frozen, and thaw without their moments`()
    throws
  {
    let folder = try TemporaryFolder()
    let first = Self.tuned { _ in }
    let trainer = try makeTrainer(recipe: first)
    _ = try Self.train(trainer, 0..<6)
    let state = TrainingState(
      epoch: 1, steps: 6, bestAccuracy: 0, classes: [], recipe: first, thawedAfter: trainer.thawedAfter)
    #expect(trainer.thawedAfter != nil)
    try trainer.save(state, as: CheckpointName(epoch: 1), in: CheckpointStore(folder: folder.path))
    var second = first
    (second.tuning.frozen, second.tuning.unfreezeEpoch) = ("backbone", 5)
    let resumed = try makeTrainer(recipe: second)
    _ = try resumed.resume(try VerifiedCheckpoint(verifying: folder.path + "/epoch-0001"))
    #expect(resumed.thawedAfter == nil && !resumed.begin(epoch: 2))
    for (index, parameter) in resumed.flat.parameters.enumerated() {
      let moments = resumed.optimizer.moments.flatMap { $0.parts[index].elements(as: Float.self) }
      #expect(moments.contains { $0 != 0 } == parameter.name.hasPrefix("head."), "\(parameter.name)")
    }
    #expect(resumed.begin(epoch: 5) && resumed.thawedAfter == 6)
  }

  @Test(arguments: [
    ("stages:2-4", "alt_gvt_nano has stages 0 to 3"), ("blocks.1", nil), ("patch_embeds,pos_block", nil),
    ("block", "alt_gvt_nano has no part block. Its parts are patch_embeds, blocks, pos_block, norm, head"),
    ("blocks.1.2", "alt_gvt_nano has no part blocks.1.2"), ("", nil), ("backbone", nil),
    ("patch_embeds,blocks,pos_block,norm,head", "nothing is left to learn"),
  ])
  func `what cannot be frozen is said`(frozen: String, fault: String?) throws {
    var recipe = makeRecipe { $0.tuning.frozen = frozen }
    recipe.model.name = "alt_gvt_nano"
    let found = try makeRuleNetwork().freezingFault(recipe)
    #expect((found == nil) == (fault == nil) && found?.hasPrefix(fault ?? "") ?? true, "\(found ?? "")")
  }
}
