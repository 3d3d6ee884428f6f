import Foundation
import Testing

@testable import Recipe

@Suite struct AveragingTests {
  private func averaging(_ decay: Double = 0.99996, warmup: Bool? = nil) -> Recipe {
    var recipe = Recipe()
    recipe.ema.enabled = true
    recipe.ema.decay = decay
    recipe.ema.warmup = warmup
    return recipe
  }

  @Test func `the decay warms up to its own value and is that alone without a warm-up`() {
    let ema = averaging(0.9, warmup: true).ema
    let expected: [(updates: Int, decay: Double)] = [
      (1, 2.0 / 11), (2, 3.0 / 12), (79, 80.0 / 89), (80, 0.9), (81, 0.9), (1_000_000, 0.9),
    ]
    for (updates, decay) in expected { #expect(ema.decay(after: updates) == decay) }
    for off in [nil, false] as [Bool?] { #expect(averaging(0.9, warmup: off).ema.decay(after: 1) == 0.9) }
  }

  @Test(arguments: [(0.9, 49, true), (0.9, 51, false), (0.99996, 124_990, true), (0.99996, 125_010, false)])
  func `a short run warms its average up`(decay: Double, updates: Int, warmsUp: Bool) {
    var recipe = averaging(decay)
    recipe.settleAverage(updates: updates)
    #expect(recipe.ema.warmup == warmsUp)
  }

  @Test func `what was decided stays, by a flag or by the run that is gone on with`() {
    for (decided, updates) in [(true, 1_000_000), (false, 1)] {
      var recipe = averaging(warmup: decided)
      recipe.settleAverage(updates: updates)
      #expect(recipe.ema.warmup == decided)
    }
    var none = Recipe()
    none.settleAverage(updates: 1)
    #expect(none == Recipe())
  }

  @Test func `a recipe from before there was a warm-up has none, and keeps its digest`() throws {
    var before = averaging()
    before.precision.kernels = .reference
    let whole = before.document
    let old = whole.replacing(#/,\s*"warmup" : null(?=\s*\})/#, with: "")
    var read = try JSONDecoder().decode(Recipe.self, from: Data(old.utf8))
    before.ema.warmup = false
    #expect(old != whole && read == before)
    // Pinned: what that version wrote.
    #expect(read.digest == "f829a7a82a05dffc")
    read.ema.warmup = true
    #expect(read.digest != "f829a7a82a05dffc")
    before.ema.warmup = nil
    #expect(try RecipeFile(old, named: "f").recipe == before)
  }

  @Test func `the first lines say what is averaged and how`() {
    #expect(Recipe().averageLine(updates: 70) == nil)
    #expect(
      averaging(warmup: true).averageLine(updates: 70)
        == "Average of the weights (EMA): update t keeps min(0.99996, (1 + t) / (10 + t)) of it; the run makes 70 updates, "
        + "and 125000 are long enough without a warm-up")
    #expect(
      averaging(0.9, warmup: false).averageLine(updates: 70)?.contains("update t keeps 0.9 of it;") == true)
  }
}
