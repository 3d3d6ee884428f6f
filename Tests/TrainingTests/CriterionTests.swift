import Collective
import Model
import Recipe
import TestSupport
import Testing
import Torch

@testable import Training

@Suite struct CriterionTests {
  private static let images = 6
  private static let classes = 10
  private let labels = Rule.bits("labels", images).map { Int($0 % UInt64(classes)) }
  private let golden: Golden

  init() throws { golden = try Golden("losses", in: .module) }

  /// As `scripts/goldens/losses.py` makes them.
  private func logits() -> Tensor {
    let logits = Tensor(
      Rule.uniform("logits", Self.images * Self.classes).map { 4 * $0 }, [Self.images, Self.classes])
    logits.requireGradient()
    return logits
  }

  @Test(arguments: Recipe.Loss.Kind.allCases, [false, true])
  func `losses and their gradients are PyTorch's and timm's`(kind: Recipe.Loss.Kind, mixed: Bool) throws {
    let smoothed = SmoothedTargets(classes: Self.classes, smoothing: 0.1)
    let targets =
      mixed || kind != .crossEntropy
      ? smoothed(labels, labels.map { _ in mixed ? 0.7 : 1 })
      : Tensor(labels.map(Int64.init), [Self.images])
    for weights in [nil, Rule.uniform("weights", Self.classes).map { 1 + 0.9 * Double($0) }] {
      var recipe = Recipe()
      recipe.loss.kind = kind
      let logits = logits()
      let loss = Criterion(recipe, weights: weights, on: .cpu)(logits, targets)
      loss.backward()
      let name = kind.rawValue + (mixed ? ".mixed" : "") + (weights == nil ? "" : ".weighted")
      let wanted = Double(try golden.float("\(name).loss"))
      #expect(abs(loss.item() - wanted) <= 1e-6 * wanted, "\(name)")
      #expect(
        relativeError(logits.gradient.elements(), try golden.floats("\(name).gradient")) < 1e-5, "\(name)")
    }
  }

  @Test(arguments: Recipe.Loss.Kind.allCases)
  func `three ranks learn by any loss and weights as one does`(kind: Recipe.Loss.Kind) throws {
    let recipe = makeRecipe { $0.loss.kind = kind }
    let weights = (0..<10).map { 0.5 + Double($0) / 10 }
    let losses = try [1, 3].map { ranks in
      try onGroup(of: ranks, blockLength: 1000) { group in
        let trainer = try Trainer(
          try makeRuleNetwork(), recipe: recipe, group: group, on: .cpu, classWeights: weights)
        return try (0..<3).map { step in
          try trainer.step(
            RuleBatch(step: step, count: 6).share(of: group.rank, among: ranks), epoch: 0, learningRate: 1e-3
          ).loss
        }
      }[0]
    }
    for (one, three) in zip(losses[0], losses[1]) { #expect(abs(one - three) <= 1e-4 * one) }
  }

  @Test func `from an epoch on nothing is mixed`() throws {
    var recipe = Recipe()
    recipe.mixing.offEpoch = 3
    let mixing = try #require(Mixing(recipe, classes: 4))
    let (mixed, plain) = (
      mixing.plan(count: 2, side: 8, epoch: 2, draw: 0), mixing.plan(count: 2, side: 8, epoch: 3, draw: 0)
    )
    #expect(mixed.shares.contains { $0.own < 1 })
    #expect(plain.shares == Array(repeating: MixPlan.Share(own: 1, box: nil), count: 2))
    let targets: [Float] = mixing.targets([1, 2], by: plain).elements()
    #expect(abs(targets[1] - 0.925) < 1e-6 && abs(targets[6] - 0.925) < 1e-6)
  }
}
