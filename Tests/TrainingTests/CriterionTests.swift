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

  /// The slope of a root at 0 is no number.
  @Test(arguments: [0, 0.5, 1, 2])
  func `focal loss of an image that is certain has a gradient`(gamma: Double) {
    var recipe = Recipe()
    (recipe.loss.kind, recipe.loss.gamma) = (.focal, gamma)
    let logits = Tensor([200, 0, 0] as [Float], [1, 3])
    logits.requireGradient()
    let loss = Criterion(recipe, weights: nil, on: .cpu)(logits, Tensor([1, 0, 0] as [Float], [1, 3]))
    loss.backward()
    #expect(loss.item() == 0 && logits.gradient.elements(as: Float.self).allSatisfy { $0 == 0 })
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

  /// Answers by rule, whatever it sees.
  private struct Oracle: Network {
    let parameters: [Parameter] = []
    let places: [NetworkPlace] = []
    let classes = CriterionTests.classes
    let dropRates: [Double] = []
    func dropoutShapes(images: Int, side: Int) -> [[Int]] { [] }
    func callAsFunction(_ images: Tensor, _ pass: Pass) -> Tensor {
      let count = images.shape[0]
      return Tensor(Rule.uniform("teacher", count * classes).map { 4 * $0 }, [count, classes])
    }
  }

  @Test(arguments: [Recipe.Distillation.Kind.soft, .hard])
  func `what is learnt of a teacher is DeiT's`(kind: Recipe.Distillation.Kind) throws {
    var recipe = Recipe()
    (recipe.distillation.kind, recipe.distillation.temperature) = (kind, 3)
    let logits = logits()
    let own = Criterion(recipe, weights: nil, on: .cpu)(
      logits, Tensor(labels.map(Int64.init), [Self.images]))
    let loss = Teacher(Oracle(), recipe).joined(
      own, of: logits, to: Tensor.zeros([Self.images, 3, 8, 8]))
    loss.backward()
    let wanted = Double(try golden.float("distilled.\(kind.rawValue).loss"))
    #expect(abs(loss.item() - wanted) <= 1e-6 * wanted)
    let gradient = try golden.floats("distilled.\(kind.rawValue).gradient")
    #expect(relativeError(logits.gradient.elements(), gradient) < 1e-5)
  }

  @Test(arguments: [false, true])
  func `three ranks learn of a teacher as one does, and of two heads one alone`(isDistilled: Bool) throws {
    let recipe = makeRecipe {
      $0.distillation.teacher = "teacher"
      $0.distillation.kind = .soft
      $0.distillation.share = 1
    }
    @Sendable func student() throws -> any Network {
      guard isDistilled else { return try makeRuleNetwork() }
      return VisionTransformer(
        VisionTransformer.Shape(channels: 64, heads: 2, isDistilled: true), side: RuleBatch.side,
        classes: RuleBatch.classes)
    }
    let runs = try [1, 3].map { ranks in
      try onGroup(of: ranks, blockLength: 1000) { group in
        let network = try student()
        let head = network.parameters.first { $0.name == "head.weight" }
        let before: [Float] = head?.tensor.elements() ?? []
        var recipe = recipe
        recipe.optimizer.weightDecay = 0
        let trainer = try Trainer(
          network, recipe: recipe, group: group, on: .cpu,
          teacher: Teacher(
            VisionTransformer(
              VisionTransformer.Shape(channels: 64, heads: 2), side: RuleBatch.side,
              classes: RuleBatch.classes,
              seed: 5), recipe))
        let losses = try (0..<3).map { step in
          try trainer.step(
            RuleBatch(step: step, count: 6).share(of: group.rank, among: ranks), epoch: 0, learningRate: 1e-3
          ).loss
        }
        return (losses, before == head?.tensor.elements())
      }[0]
    }
    for (one, three) in zip(runs[0].0, runs[1].0) { #expect(abs(one - three) <= 1e-4 * max(one, 1e-3)) }
    #expect(runs.allSatisfy { $0.1 == isDistilled }, "the classes' head learns nothing from a teacher alone")
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
