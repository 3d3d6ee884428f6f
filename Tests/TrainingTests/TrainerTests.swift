import Collective
import Model
import TestSupport
import Testing
import Torch

@testable import Training

@Suite(.serialized) struct TrainerTests {
  @Test func `ten steps give PyTorch's losses, gradient norms and weights`() throws {
    let golden = try Golden("nano_ten_steps", in: .module)
    let trainer = try makeTrainer()
    let outcomes = try (0..<10).map { step in
      try trainer.step(
        RuleBatch(step: step, count: 16).share(of: 0), epoch: 0, learningRate: 1e-3, stopRequested: false)
    }
    for (found, wanted) in zip(outcomes.map(\.loss), try golden.floats("loss")) {
      #expect(abs(found - Double(wanted)) <= 1e-3 * Double(wanted))
    }
    for (found, wanted) in zip(outcomes.map(\.gradientNorm), try golden.floats("gradient_norm")) {
      #expect(abs(found - Double(wanted)) <= 1e-3 * Double(wanted))
    }
    try compareWeights(of: trainer, with: golden)
  }

  private func compareWeights(of trainer: Trainer, with golden: Golden) throws {
    // Biases of keys have no gradient but rounding, which AdamW turns into whole steps.
    let compared = trainer.network.parameters.filter { golden.names.contains("parameter." + $0.name) }
    #expect(compared.count > 120)
    for parameter in compared {
      let values: [Float] = parameter.tensor.elements()
      let samples = (0..<16).map { values[$0 * values.count / 16] }
      #expect(
        relativeError(samples, try golden.floats("parameter." + parameter.name)) <= 1e-3, "\(parameter.name)")
    }
  }

  @Test func `eight ranks with two pictures train as one rank with sixteen`() throws {
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
          stopRequested: step == 1 && group.rank == 2
        ).stops
      }
    }
    #expect(stops == [[false, true], [false, true], [false, true]])
  }

  @Test func `a loss that is not finite ends every rank before any weight changes`() throws {
    let unchanged = try onGroup(of: 2) { group in
      let trainer = try makeTrainer(group)
      let before = weights(of: trainer)
      if group.rank == 1 { trainer.network.parameters[0].tensor.fill(.nan) }
      #expect(throws: TrainingError.self) {
        try trainer.step(
          RuleBatch(step: 0, count: 4).share(of: group.rank, among: 2), epoch: 0, learningRate: 1e-3,
          stopRequested: false)
      }
      return group.rank == 1 || weights(of: trainer) == before
    }
    #expect(unchanged == [true, true])
  }
}

/// Losses of a few steps of sixteen pictures.
private func losses(of trainer: Trainer, rank: Int = 0, size: Int = 1) throws -> [Double] {
  try (0..<4).map { step in
    try trainer.step(
      RuleBatch(step: step, count: 16).share(of: rank, among: size), epoch: 0, learningRate: 1e-3,
      stopRequested: false
    ).loss
  }
}

func weights(of trainer: Trainer) -> [[Float]] {
  trainer.network.parameters.map { $0.tensor.elements() }
}
