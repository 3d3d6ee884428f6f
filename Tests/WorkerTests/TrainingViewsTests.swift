import Datasets
import Foundation
import Recipe
import SystemPackage
import TestSupport
import Testing

@testable import Worker

@Suite struct TrainingViewsTests {
  private let temporary: TemporaryFolder
  private let images: ImageFolder
  private var recipe = Recipe()

  /// Three images of one class and one of another.
  init() throws {
    temporary = try TemporaryFolder()
    for name in ["a/1", "a/2", "a/3", "b/4"] {
      let path = URL(fileURLWithPath: "\(temporary.path)/train/\(name).png")
      try FileManager.default.createDirectory(
        at: path.deletingLastPathComponent(), withIntermediateDirectories: true)
      let bytes = encodedPNG([UInt8](repeating: 9, count: 48), width: 4, height: 4)
      try Data(try #require(bytes)).write(to: path)
    }
    images = try ImageFolderPair(FilePath(temporary.path), for: .training).training
    recipe.data.inputSize = 8
  }

  @Test(arguments: Recipe.Sampling.allCases)
  func `the first views are those of training, however few a step takes`(sampling: Recipe.Sampling)
    throws
  {
    var recipe = recipe
    recipe.data.sampling = sampling
    recipe.data.batchSize = 4
    let training = try Sampler(recipe, of: images)
    recipe.data.batchSize = 400
    #expect(try Sampler(viewsOf: recipe, images).order(epoch: 3) == training.order(epoch: 3))
    #expect(throws: DataError.self) { try Sampler(recipe, of: images) }
  }

  @Test func `a damaged image is an error, or passed over and named where that is asked for`() throws {
    try Data([1, 2, 3]).write(to: URL(fileURLWithPath: "\(temporary.path)/train/a/2.png"))
    var recipe = recipe
    recipe.data.shuffles = false
    let views = { (skipped: Int?) in
      try TrainingViews(images, recipe.data.trainingTransform(), seed: recipe.seed, skipping: skipped)
        .first(4, of: Sampler(viewsOf: recipe, images), epoch: 0, threads: 1)
    }
    #expect(throws: DataError.self) { try views(nil) }
    let batch = try #require(try views(1))
    #expect(batch.damage.map(\.image) == [1])
    let page = try #require(PreviewPage(batch: batch, folder: images, headline: "").text)
    #expect(page.components(separatedBy: "a/3.png").count == 3 && !page.contains("a/2.png"))
  }
}
