import Collective
import Model
import Recipe
import TestSupport
import Testing
import Torch

@testable import Training

/// Ten steps of each rule and clip: `scripts/goldens/optimizers.py`.
@Suite(.serialized) struct OptimizerGoldenTests {
  struct Case: Sendable, CustomStringConvertible {
    let name: String
    let rate: Double
    let change: @Sendable (inout Recipe.Optimizer) -> Void
    var description: String { name }
  }

  static let cases = [
    Case(name: "lion", rate: 1e-4) { $0.kind = .lion }, Case(name: "lamb", rate: 1e-2) { $0.kind = .lamb },
    Case(name: "cadamw", rate: 1e-3) { $0.kind = .cadamw },
    Case(name: "muon", rate: 1e-3) { $0.kind = .muon },
    Case(name: "value", rate: 1e-3) { ($0.clip, $0.clipMode) = (0.01, .value) },
    Case(name: "agc", rate: 1e-3) { ($0.clip, $0.clipMode) = (0.02, .agc) },
  ]

  /// Signs of what is nearly nothing differ by rounding: a few elements of Lion's and of caution's steps.
  @Test(arguments: cases) func `ten steps are timm's`(one: Case) throws {
    let golden = try Golden("optimizers", in: .module)
    let trainer = try makeTrainer(recipe: makeRecipe { one.change(&$0.optimizer) })
    let losses = try train(trainer, one, images: 16, steps: 0..<10)
    for (found, wanted) in zip(losses, try golden.floats("\(one.name).loss")) {
      #expect(abs(found - Double(wanted)) <= 1e-3 * Double(wanted))
    }
    let compared = trainer.network.parameters.filter {
      golden.names.contains("\(one.name).parameter.\($0.name)")
    }
    #expect(compared.count > 15)
    for parameter in compared {
      let values: [Float] = parameter.tensor.elements()
      let samples = (0..<16).map { values[$0 * values.count / 16] }
      let wanted = try golden.floats("\(one.name).parameter.\(parameter.name)")
      #expect(relativeError(samples, wanted) <= 5e-3, "\(parameter.name)")
    }
  }

  @Test(arguments: cases) func `three ranks train as one does`(one: Case) throws {
    let recipe = makeRecipe {
      one.change(&$0.optimizer)
      $0.ema.enabled = true
    }
    let alone = try train(makeTrainer(recipe: recipe), one, images: 6, steps: 0..<4)
    let together = try onGroup(of: 3, blockLength: 1000, sharing: true) { group in
      let trainer = try makeTrainer(group, recipe: recipe)
      let losses = try train(trainer, one, images: 6, steps: 0..<4, rank: group.rank, ranks: 3)
      return (losses, weightsFingerprint(of: trainer))
    }
    for (one, three) in zip(alone, together[0].0) { #expect(abs(one - three) <= 1e-3 * one) }
    #expect(Set(together.map(\.1)).count == 1)
  }

  private func train(
    _ trainer: Trainer, _ one: Case, images: Int, steps: Range<Int>, rank: Int = 0, ranks: Int = 1
  ) throws -> [Double] {
    try steps.map { step in
      try trainer.step(
        RuleBatch(step: step, count: images).share(of: rank, among: ranks), epoch: 0, learningRate: one.rate
      ).loss
    }
  }
}
