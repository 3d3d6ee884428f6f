import Collective
import Recipe
import TestSupport
import Testing
import Torch

@testable import Model
@testable import Training

@Suite struct StepInputsTests {
  /// What was told, in order.
  private final class Listener: StepObserver {
    var phases: [StepPhase] = []
    func begin(_ phase: StepPhase) { phases.append(phase) }
  }

  private func inputs(_ draws: [Int], of recipe: Recipe) throws -> StepInputs {
    try InputDraws(recipe, for: makeRuleNetwork(dropPath: 0.3)).inputs(
      RuleBatch(step: 0, count: 8).share(of: 0), epoch: 1, draws: draws, learningRate: 0.5, factor: 4)
  }

  @Test func `a step's inputs are there before it, a part for each that is accumulated`() throws {
    let recipe = makeRecipe {
      $0.mixing.probability = 1
      $0.data.erasing.probability = 1
      $0.model.dropout = 0.1
    }
    let inputs = try inputs([6, 7], of: recipe)
    #expect((inputs.parts.count, inputs.learningRate, inputs.lossFactor) == (2, 0.5, 2))
    for part in inputs.parts {
      #expect(part.pixels.shape == [4, 64, 64, 3] && part.pixels.dtype == .uint8)
      #expect(part.targets.shape == [4, 10] && part.targets.dtype == .float32)
      #expect(part.dropPath?.factors.shape == [16, 4])
      #expect(part.erasures != nil && part.mix != nil && part.dropout != nil)
    }
  }

  @Test func `what the recipe does not draw is not there, and classes are targets`() throws {
    let recipe = makeRecipe()
    let part = try #require(try inputs([0], of: recipe).parts.first)
    #expect(part.targets.elements() == RuleBatch(step: 0, count: 8).labels.map(Int64.init))
    #expect(part.erasures == nil && part.mix == nil && part.dropout == nil && part.dropPath != nil)
    let still = InputDraws(recipe, for: try makeRuleNetwork()).inputs(
      RuleBatch(step: 0, count: 2).share(of: 0), epoch: 0, draws: [0], learningRate: 1, factor: 1)
    #expect(still.parts[0].dropPath == nil)
  }

  @Test func `inputs fit others of the same shapes, whatever is erased`() throws {
    let recipe = makeRecipe {
      $0.mixing.probability = 1
      $0.data.erasing.probability = 0.5
    }
    let network = try makeRuleNetwork(dropPath: 0.3)
    func inputs(_ step: Int, count: Int = 8, evenShapes: Bool = true, factor: Double = 1) -> StepInputs {
      InputDraws(recipe, for: network, evenShapes: evenShapes).inputs(
        RuleBatch(step: step, count: count).share(of: 0), epoch: step, draws: [step],
        learningRate: Double(step),
        factor: factor)
    }
    let first = inputs(0)
    #expect((1...4).allSatisfy { inputs($0).fit(first) })
    #expect((1...4).contains { !inputs($0, evenShapes: false).fit(inputs(0, evenShapes: false)) })
    #expect(!inputs(1, count: 4).fit(first) && !inputs(1, factor: 2).fit(first))
    var numbered = inputs(1)
    numbered.numbers = UpdateNumbers.packed([Pace()], number: 1, learningRate: 1, averageShare: 0)
    #expect(!numbered.fit(first))
  }

  @Test func `observers hear phases begin, and the record has their times`() throws {
    let listener = Listener()
    let trainer = try Trainer(
      makeRuleNetwork(), recipe: makeRecipe { $0.accumulation = 2 }, group: SoloGroup(), on: .cpu)
    trainer.observers = [listener]
    let record = try trainer.step(RuleBatch(step: 0, count: 4).share(of: 0), epoch: 3, learningRate: 1e-3)
    #expect(
      listener.phases == [
        .forward, .forward, .backward, .forward, .backward, .communicate, .optimizer,
      ])
    #expect((record.epoch, record.updates, record.learningRate) == (3, 1, 1e-3))
    #expect(Set(record.phases.keys) == Set(StepPhase.allCases) && record.phases.values.allSatisfy { $0 >= 0 })
  }

  @Test func `a step that threw leaves no time to the next one`() throws {
    let trainer = try makeTrainer()
    #expect(throws: TrainingError.self) { try trainer.abstain() }
    let batch = RuleBatch(step: 0, count: 4).share(of: 0)
    let start = ContinuousClock.now
    let record = try trainer.step(batch, epoch: 0, learningRate: 1e-3)
    #expect(record.phases.values.reduce(0, +) <= (ContinuousClock.now - start) / .seconds(1))
  }

  @Test func `what a step has from its inputs is the same each time it is asked for`() throws {
    let recipe = makeRecipe {
      $0.mixing.probability = 1
      $0.data.erasing.probability = 1
      $0.model.dropout = 0.3
    }
    let objective = Objective(try makeRuleNetwork(dropPath: 0.3), recipe, on: .cpu)
    let part = try #require(try inputs([3], of: recipe).parts.first)
    #expect(objective(part).item() == objective(part).item())
  }
}
