import ArgumentParser
import Recipe
import Testing

@testable import Flags

@Suite struct DivisionTests {
  private func recipe(_ ranks: Int, _ batch: Int, _ batches: Int = 1, mixes: Bool = false) -> Recipe {
    var recipe = Recipe()
    recipe.division = .init(worldSize: ranks, batchSize: batch, accumulation: batches)
    (recipe.mixing.mixup, recipe.mixing.cutmix) = mixes ? (0.8, 1) : (0, 0)
    return recipe
  }

  @Test(arguments: [
    // Among as many ranks: as it was.
    (8, 16, 2, 8, 16, 2), (8, 16, 1, 4, 16, 2), (8, 16, 1, 1, 16, 8), (4, 6, 1, 3, 4, 2),
    (6, 4, 1, 4, 6 / 2, 2),
    (3, 5, 1, 1, 5, 3), (4, 7, 1, 2, 7, 2), (2, 3, 1, 6, 1, 1),
  ])
  func `an update has as many images, and no rank more at once`(
    ranks: Int, batch: Int, batches: Int, others: Int, batchNow: Int, batchesNow: Int
  ) {
    #expect(
      recipe(ranks, batch, batches).division(among: others)
        == .init(worldSize: others, batchSize: batchNow, accumulation: batchesNow))
  }

  @Test func `what cannot be divided evenly is not`() {
    #expect(recipe(4, 4).division(among: 3) == nil)
    #expect(recipe(4, 4).division(among: 32) == nil)
    #expect(recipe(4, 4).division(among: 0) == nil)
  }

  @Test func `images that are mixed in pairs stay in pairs`() {
    #expect(
      recipe(6, 4, mixes: true).division(among: 4) == .init(worldSize: 4, batchSize: 2, accumulation: 3))
    #expect(recipe(2, 2, mixes: true).division(among: 4) == nil)
  }

  @Test(arguments: [["--batch-size", "4"], ["--batch-size", "4", "--accumulate", "2", "--sum-group", "2"]])
  func `ranks that stand in share the updates, and remember what was asked for`(flags: [String]) throws {
    let request = try TrainingFlags.parse(["--data-path", "d"] + flags).request()
    let asked = try request.recipe(worldSize: 4, hostSize: 2)
    let shared = request.sharing(asked.division)
    #expect(try shared.recipe(worldSize: 4, hostSize: 2) == asked)
    let fewer = try shared.recipe(worldSize: 2, hostSize: 2)
    #expect(fewer.imagesPerUpdate == asked.imagesPerUpdate && fewer.schedule.base == asked.schedule.base)
    #expect(fewer.division == asked.division(among: 2))
    #expect(try shared.recipeAsAskedFor(hostSize: 2) == asked)
    #expect(try request.recipeAsAskedFor(hostSize: 2) == nil)
    // What a checkpoint of fewer ranks would say lies under it.
    let saved = SavedValues(of: fewer, source: "s")
    #expect(try shared.recipe(worldSize: 4, hostSize: 2, over: saved).division == asked.division)
  }
}
