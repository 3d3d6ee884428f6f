import Foundation
import Recipe
import TestSupport
import Testing

@testable import Training

@Suite struct ScheduleTests {
  /// Rates that timm's scheduler gave when stepped as the reference steps it.
  private struct ReferenceGolden: Decodable {
    let epochs: Int
    let base: Double
    let rates: [Double]
  }

  /// What timm's schedulers and PyTorch's give: `scripts/goldens/schedules.py`.
  private struct Golden: Decodable {
    let name: String
    let flags: JSONTree
    let updates: Int
    let results: [Double]?
    let rates: [Double]

    /// The reference's values with those of the file.
    func schedule() throws -> Recipe.Schedule {
      let standard = try JSONTree(encoding: Recipe().schedule)
      guard case .object(var members) = standard, case .object(let given) = flags else { return .init() }
      for (name, value) in given { members[name] = value }
      return try JSONTree.object(members).decoded(as: Recipe.Schedule.self)
    }
  }

  private func goldens<Value: Decodable>(_ name: String) throws -> [Value] {
    let data = try Data(contentsOf: TestSupport.Golden.url(name, in: .module))
    return try JSONDecoder().decode([Value].self, from: data)
  }

  @Test func `every epoch's rate equals that of the reference`() throws {
    let goldens: [ReferenceGolden] = try goldens("learning_rates.json")
    #expect(goldens.map(\.epochs) == [300, 100])
    for golden in goldens {
      var recipe = Recipe.Schedule()
      recipe.epochs = golden.epochs
      recipe.base = golden.base
      let rates = recipe.rates(updatesOfEpoch: 7, plateau: nil)
      for (epoch, rate) in golden.rates.enumerated() {
        let found = rates.rate(update: 7 * epoch + 3, epoch: epoch)
        #expect(abs(found - rate) <= 1e-12 * rate, "epoch \(epoch) of \(golden.epochs)")
        #expect(rates.meanRate(of: 7 * epoch..<7 * epoch + 7, epoch: epoch) == found)
      }
    }
  }

  @Test func `every schedule gives the rates of timm's or PyTorch's`() throws {
    let goldens: [Golden] = try goldens("schedules.json")
    #expect(try Set(goldens.map { try $0.schedule().kind }) == Set(Recipe.Schedule.Kind.allCases))
    for golden in goldens {
      let schedule = try golden.schedule()
      var plateau = schedule.newPlateau
      #expect(golden.rates.count == 300 && (plateau == nil) == (golden.results == nil))
      for (tick, rate) in golden.rates.enumerated() {
        let epoch = schedule.movesWithUpdates ? tick / golden.updates : tick
        let found = schedule.rates(updatesOfEpoch: golden.updates, plateau: plateau)
          .rate(update: tick, epoch: epoch)
        #expect(abs(found - rate) <= 1e-11 * rate, "\(golden.name), \(tick): \(found), not \(rate)")
        if let results = golden.results { plateau?.hear(results[epoch], after: epoch, schedule) }
      }
    }
  }

  @Test func `without warm-up the first epoch runs at the base`() {
    for kind in Recipe.Schedule.Kind.allCases {
      var recipe = Recipe.Schedule()
      (recipe.kind, recipe.warmupEpochs) = (kind, 0)
      #expect(
        abs(recipe.rates(updatesOfEpoch: 50, plateau: nil).rate(update: 0, epoch: 0) / recipe.base - 1) < 1e-6
      )
    }
  }

  @Test func `a cycle's end, which rounding may put behind it, has a rate`() {
    var recipe = Recipe.Schedule()
    (recipe.kind, recipe.epochs, recipe.warmupEpochs, recipe.decayRate) = (.poly, 109, 0, 0.1)
    (recipe.cycleMultiplier, recipe.cycleLimit) = (0.3, 4)
    let rates = recipe.rates(updatesOfEpoch: 1, plateau: nil)
    for epoch in 0..<109 { #expect(rates.rate(update: epoch, epoch: epoch) >= recipe.minimum, "\(epoch)") }
  }

  @Test func `the mean rate is that of the updates`() {
    var recipe = Recipe.Schedule()
    (recipe.kind, recipe.epochs, recipe.warmupEpochs, recipe.onUpdates) = (.step, 10, 4, true)
    let rates = recipe.rates(updatesOfEpoch: 3, plateau: nil)
    let some = (3..<6).map { rates.rate(update: $0, epoch: 1) }
    #expect(Set(some).count == 3)
    #expect(abs(rates.meanRate(of: 3..<6, epoch: 1) - some.reduce(0, +) / 3) < 1e-15)
  }

  @Test func `a plateau goes on as it was saved`() throws {
    var recipe = Recipe()
    (recipe.schedule.kind, recipe.schedule.patience, recipe.schedule.warmupEpochs) = (.plateau, 1, 0)
    var straight = try #require(recipe.schedule.newPlateau)
    for epoch in 0..<3 { straight.hear(50, after: epoch, recipe.schedule) }
    let state = TrainingState(
      epoch: 2, steps: 1, bestAccuracy: 50, classes: [], recipe: recipe, plateau: straight)
    let saved = try JSONDecoder().decode(TrainingState.self, from: JSONEncoder().encode(state))
    #expect(saved == state && saved.fault == nil && saved.plateau?.rate == recipe.schedule.base * 0.1)
    var resumed = try #require(saved.plateau)
    for epoch in 3..<5 {
      straight.hear(40, after: epoch, recipe.schedule)
      resumed.hear(40, after: epoch, recipe.schedule)
    }
    #expect(resumed == straight && resumed.rate == recipe.schedule.minimum)
  }

  @Test func `a plateau goes on as far below another rate, and anew by another figure`() throws {
    var recipe = Recipe()
    (recipe.schedule.kind, recipe.schedule.patience, recipe.schedule.warmupEpochs) = (.plateau, 1, 0)
    var plateau = try #require(recipe.schedule.newPlateau)
    for epoch in 0..<4 { plateau.hear(50, after: epoch, recipe.schedule) }
    #expect(plateau.continued(from: recipe, by: recipe) == plateau && plateau.worse == 1)
    var other = recipe
    other.schedule.base *= 3
    let raised = plateau.continued(from: recipe, by: other)
    #expect(abs(raised.rate - 3 * plateau.rate) < 1e-12 && raised.worse == 1)
    other.judging.monitor = .loss
    #expect(plateau.continued(from: recipe, by: other).best == nil)
  }
}
