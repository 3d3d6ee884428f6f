import Datasets
import Recipe
import Testing

@testable import Worker

@Suite struct TrainingTransformTests {
  @Test func `a recipe's values reach the transform of training images`() throws {
    var recipe = Recipe()
    recipe.data.inputSize = 96
    recipe.data.cropScale = [0.5, 0.75]
    recipe.data.cropRatio = [0.9, 1.1]
    recipe.data.flip = 0.25
    recipe.data.interpolation = .random
    let transform = try #require(try recipe.data.trainingTransform() as? TrainTransform)
    #expect((transform.size, transform.flipProbability) == (96, 0.25))
    #expect((transform.scale, transform.ratio) == (0.5...0.75, 0.9...1.1))
    #expect(transform.interpolation == .random)
    #expect(try transform.augmentation == RandAugment(parsing: "rand-m9-mstd0.5-inc1"))
  }

  @Test(arguments: [
    (Recipe.Interpolation.bilinear, Interpolation.bilinear), (.bicubic, .bicubic), (.lanczos, .lanczos),
    (.box, .box),
  ])
  func `a named filter scales every image`(named: Recipe.Interpolation, filter: Interpolation) throws {
    var recipe = Recipe()
    recipe.data.interpolation = named
    let transform = try #require(try recipe.data.trainingTransform() as? TrainTransform)
    #expect(transform.interpolation == .always(filter))
  }

  @Test func `without a policy colours are jittered, and without augmentation images are evaluated`() throws {
    var recipe = Recipe()
    recipe.data.autoAugment = ""
    let transform = try #require(try recipe.data.trainingTransform() as? TrainTransform)
    #expect(transform.augmentation == nil)
    #expect(transform.colorJitter == ColorJitter(0.4))
    recipe.data.augments = false
    #expect(try recipe.data.trainingTransform() is EvaluationTransform)
  }
}
