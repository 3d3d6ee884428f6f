import Collective
import Model
import Recipe
import TestSupport
import Testing
import Torch

@testable import Training

@Suite(.serialized) struct TrainerTests {
  @Test(arguments: Recipe.Precision.Kernels.allCases)
  func `ten steps give PyTorch's losses, gradient norms and weights`(kernels: Recipe.Precision.Kernels) throws
  {
    let golden = try Golden("nano_ten_steps", in: .module)
    try compareTenSteps(
      of: try makeTrainer(recipe: makeRecipe { $0.precision.kernels = kernels }), with: golden)
  }

  private func compareTenSteps(of trainer: Trainer, with golden: Golden) throws {
    let outcomes = try (0..<10).map { step in
      try trainer.step(
        RuleBatch(step: step, count: 16).share(of: 0), epoch: 0, learningRate: 1e-3)
    }
    for (found, wanted) in zip(outcomes.map(\.loss), try golden.floats("loss")) {
      #expect(abs(found - Double(wanted)) <= 1e-3 * Double(wanted))
    }
    for (found, wanted) in zip(outcomes.map(\.gradientNorm), try golden.floats("gradient_norm")) {
      #expect(abs(found - Double(wanted)) <= 1e-3 * Double(wanted))
    }
    try compareWeights(of: trainer, with: golden)
  }

  @Test(arguments: Recipe.Precision.Kernels.allCases)
  func `ten steps of a DeiT with two heads give PyTorch's losses, gradient norms and weights`(
    kernels: Recipe.Precision.Kernels
  ) throws {
    let golden = try Golden("deit_ten_steps", in: .module)
    let trainer = try Trainer(
      makeRuleDeiT(), recipe: makeRecipe { $0.precision.kernels = kernels }, group: SoloGroup(), on: .cpu)
    try compareTenSteps(of: trainer, with: golden)
  }

  @Test func `ten mixed and averaged steps give PyTorch's losses, weights and average`() throws {
    let golden = try Golden("mixed_ten_steps", in: .module)
    let trainer = try makeTrainer(
      recipe: makeRecipe {
        $0.mixing.probability = 1
        $0.ema.enabled = true
        $0.ema.decay = 0.9
      })
    let outcomes = try (0..<10).map { step in
      try trainer.step(
        RuleBatch(step: step, count: 16).share(of: 0), epoch: 0, learningRate: 1e-3)
    }
    for (found, wanted) in zip(outcomes.map(\.loss), try golden.floats("loss")) {
      #expect(abs(found - Double(wanted)) <= 1e-3 * Double(wanted))
    }
    try compareWeights(of: trainer, with: golden)
    try trainer.withAverage {
      try compareWeights(of: trainer, with: golden, under: "average.")
    }
    try compareWeights(of: trainer, with: golden)
  }

  @Test(arguments: [Recipe.Precision.Level.O0, .O1])
  func `steps that leave branches out are the same by our kernels and by libtorch's operations`(
    level: Recipe.Precision.Level
  ) throws {
    let losses = try Recipe.Precision.Kernels.allCases.map { kernels in
      let recipe = makeRecipe {
        $0.precision.kernels = kernels
        $0.precision.level = level
      }
      let trainer = try Trainer(
        makeRuleNetwork(dropPath: 0.6), recipe: recipe, group: SoloGroup(), on: .cpu)
      return try (0..<4).map { step in
        try trainer.step(RuleBatch(step: step, count: 8).share(of: 0), epoch: 0, learningRate: 1e-3).loss
      }
    }
    let bound = level == .O0 ? 1e-5 : 1e-2
    for (fused, reference) in zip(losses[0], losses[1]) {
      #expect(abs(fused - reference) <= bound * reference)
    }
  }

  @Test func `accumulating two halves is one step with the whole`() throws {
    let batch = RuleBatch(step: 0, count: 8).share(of: 0)
    let whole = try makeTrainer()
    let halves = try makeTrainer(recipe: makeRecipe { $0.accumulation = 2 })
    for trainer in [whole, halves] {
      _ = try trainer.step(batch, epoch: 0, learningRate: 1e-3)
    }
    for (one, two) in zip(weights(of: whole), weights(of: halves)) {
      #expect(relativeError(two, one) < 1e-3)
    }
  }

  @Test func `erasing and dropout change what a step learns from, each time alike`() throws {
    let batch = RuleBatch(step: 0, count: 8).share(of: 0)
    func loss(_ recipe: Recipe) throws -> Double {
      try makeTrainer(recipe: recipe).step(batch, epoch: 0, learningRate: 1e-3).loss
    }
    let plain = try loss(makeRecipe())
    for changed in [makeRecipe { $0.data.erasing.probability = 1 }, makeRecipe { $0.model.dropout = 0.5 }] {
      let first = try loss(changed)
      #expect(first != plain)
      #expect(try loss(changed) == first)
    }
  }

  @Test func `a float16 gradient that overflows skips the step and halves the scale`() throws {
    let trainer = try makeTrainer(
      recipe: makeRecipe {
        $0.precision.level = .O1
        $0.precision.dtype = .float16
      })
    let before = weightsFingerprint(of: trainer)
    trainer.lossScale = LossScale(factor: 0x1p24)
    let batch = RuleBatch(step: 0, count: 4).share(of: 0)
    let skipped = try trainer.step(batch, epoch: 0, learningRate: 1e-3)
    #expect(!skipped.gradientNorm.isFinite && skipped.loss.isFinite)
    #expect(weightsFingerprint(of: trainer) == before && trainer.optimizer.steps == 0)
    #expect(trainer.lossScale?.factor == 0x1p23)
    trainer.lossScale = LossScale(factor: 1024)
    let made = try trainer.step(batch, epoch: 0, learningRate: 1e-3)
    let exact = try makeTrainer().step(batch, epoch: 0, learningRate: 1e-3)
    #expect(abs(made.gradientNorm - exact.gradientNorm) < 0.05 * exact.gradientNorm)
    #expect(weightsFingerprint(of: trainer) != before)
  }

  /// Sixteen samples a tensor: each tensor's to 1e-3 of its largest, all together to 1e-4 of their length.
  private func compareWeights(
    of trainer: Trainer, with golden: Golden, under prefix: String = "parameter."
  ) throws {
    // Biases of keys have no gradient but rounding, which AdamW turns into whole steps.
    let compared = trainer.network.parameters.filter { golden.names.contains(prefix + $0.name) }
    #expect(compared.count == trainer.network.parameters.count { !$0.name.hasSuffix("kv.bias") })
    var (found, wanted): ([Float], [Float]) = ([], [])
    for parameter in compared {
      let values: [Float] = parameter.tensor.elements()
      let samples = (0..<16).map { values[$0 * values.count / 16] }
      let goldens = try golden.floats(prefix + parameter.name)
      #expect(relativeError(samples, goldens) <= 1e-3, "\(parameter.name)")
      found += samples
      wanted += goldens
    }
    #expect(length(zip(found, wanted).map { $0 - $1 }) <= 1e-4 * length(wanted))
  }

  private func length(_ values: [Float]) -> Float { values.reduce(0) { $0 + $1 * $1 }.squareRoot() }

  @Test func `eight ranks with two images train as one rank with sixteen`() throws {
    let alone = try losses(of: makeTrainer(dropPath: 0.3))
    let together = try onGroup(of: 8) { group in
      try losses(of: makeTrainer(group, dropPath: 0.3), rank: group.rank, size: 8)
    }
    #expect(Set(together).count == 1)
    for (one, eight) in zip(alone, together[0]) { #expect(abs(one - eight) <= 1e-5 * one) }
  }

  @Test func `all ranks stop after the step in which one of them was asked to`() throws {
    let stops = try onGroup(of: 3) { group in
      let trainer = try makeTrainer(group)
      return try (0..<2).map { step in
        try trainer.step(
          RuleBatch(step: step, count: 6).share(of: group.rank, among: 3), epoch: 0, learningRate: 1e-3,
          signals: step == 1 && group.rank == 2 ? .stop : []
        ).signals == .stop
      }
    }
    #expect(stops == [[false, true], [false, true], [false, true]])
  }

  @Test func `a loss that is not finite ends every rank before any weight changes`() throws {
    let unchanged = try onGroup(of: 2) { group in
      let trainer = try makeTrainer(group)
      let before = weightsFingerprint(of: trainer)
      if group.rank == 1 { trainer.network.parameters[0].tensor.fill(.nan) }
      #expect(throws: TrainingError.self) {
        try trainer.step(
          RuleBatch(step: 0, count: 4).share(of: group.rank, among: 2), epoch: 0, learningRate: 1e-3)
      }
      return group.rank == 1 || weightsFingerprint(of: trainer) == before
    }
    #expect(unchanged == [true, true])
  }
}

/// Losses of a few steps of sixteen images.
private func losses(of trainer: Trainer, rank: Int = 0, size: Int = 1) throws -> [Double] {
  try (0..<4).map { step in
    try trainer.step(
      RuleBatch(step: step, count: 16).share(of: rank, among: size), epoch: 0, learningRate: 1e-3
    ).loss
  }
}

/// All weights of a trainer's network; every rank must call it.
func weights(of trainer: Trainer) -> [[Float]] {
  do { try trainer.settle() } catch { Issue.record(error) }
  return trainer.network.parameters.map { $0.tensor.elements() }
}
