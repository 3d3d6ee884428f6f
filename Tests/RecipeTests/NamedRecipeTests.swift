import ArgumentParser
import Recipe
import Testing

@testable import Flags

@Suite struct NamedRecipeTests {
  @Test func `imagenet is what a run without a recipe follows`() throws {
    let named = try parse("--recipe", "imagenet").recipe(worldSize: 2)
    let plain = try parse().recipe(worldSize: 2)
    #expect(named == plain)
  }

  @Test(arguments: NamedRecipe.allCases)
  func `a recipe's values are in the flags' ranges, and survive being written`(named: NamedRecipe) throws {
    let recipe = try parse("--recipe", named.rawValue).recipe(worldSize: 2)
    try withFile(recipe.document) { path in
      let again = try parse("--config", path).recipe(worldSize: 2)
      #expect(again == recipe)
    }
  }

  @Test func `a file lies over a recipe, and flags over both`() throws {
    try withFile(#"{"schedule": {"epochs": 12}, "mixing": {"mixup": 0.1}}"#) { path in
      let settings = try parse("--recipe", "small", "--config", path, "--epochs", "300").settings(
        worldSize: 1)
      #expect((settings.recipe.schedule.epochs, settings.recipe.mixing.mixup) == (300, 0.1))
      #expect((settings.recipe.data.batchSize, settings.recipe.mixing.cutmix) == (16, 0))
      #expect(settings.origins["schedule.epochs"] == .flag("--epochs"))
      #expect(settings.origins["mixing.mixup"] == .file(path))
      #expect(settings.origins["data.batchSize"]?.description == "--recipe small")
      #expect(settings.origins["data.inputSize"] == nil)
    }
  }

  @Test(arguments: [NamedRecipe.small, .finetune])
  func `the rate of few images does not fall with the batch`(named: NamedRecipe) throws {
    let recipe = try parse("--recipe", named.rawValue, "--batch-size", "2").recipe(worldSize: 1)
    #expect(recipe.schedule.base == recipe.schedule.rate)
    #expect(recipe.doubts(updates: 100) == [])
  }

  @Test func `an unknown recipe is answered with those there are`() throws {
    let error = #expect(throws: (any Error).self) { try parse("--recipe", "tiny") }
    let message = error.map { TrainingFlags.message(for: $0) } ?? ""
    #expect(NamedRecipe.allCases.allSatisfy { message.contains($0.rawValue) }, "\(message)")
  }
}
