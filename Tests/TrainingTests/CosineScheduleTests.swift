import Foundation
import Recipe
import TestSupport
import Testing
import Training

@Suite struct CosineScheduleTests {
  /// Rates that timm's scheduler gave when stepped as the reference steps it.
  private struct Golden: Decodable {
    let epochs: Int
    let base: Double
    let rates: [Double]
  }

  @Test func `every epoch's rate equals timm's`() throws {
    let data = try Data(contentsOf: TestSupport.Golden.url("learning_rates.json", in: .module))
    let goldens = try JSONDecoder().decode([Golden].self, from: data)
    #expect(goldens.map(\.epochs) == [300, 100])
    for golden in goldens {
      var recipe = Recipe.Schedule()
      recipe.epochs = golden.epochs
      recipe.base = golden.base
      let schedule = CosineSchedule(recipe)
      for (epoch, rate) in golden.rates.enumerated() {
        #expect(abs(schedule(epoch: epoch) - rate) <= 1e-12 * rate, "epoch \(epoch) of \(golden.epochs)")
      }
    }
  }

  @Test func `without warm-up the first epoch runs at the base`() {
    var recipe = Recipe.Schedule()
    recipe.warmupEpochs = 0
    #expect(CosineSchedule(recipe)(epoch: 0) == recipe.base)
  }
}
