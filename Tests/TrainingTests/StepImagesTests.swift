import Datasets
import Recipe
import Testing
import Torch

@testable import Training

@Suite struct StepImagesTests {
  private static let bytes = (0..<7 * 3 * 11 * 11).map { UInt8(truncatingIfNeeded: $0 &* 37 &+ $0 / 91) }

  @Test(arguments: [1, 3])
  func `the host's loop makes the numbers of the operations, to the bit`(threads: Int) {
    let before = Runtime.threads
    Runtime.threads = threads
    defer { Runtime.threads = before }
    var preprocessing = Recipe.Preprocessing()
    preprocessing.means = [0.1, 0.2, 1.0 / 3]
    let (means, deviations) = (preprocessing.means, preprocessing.deviations)
    Self.bytes.withUnsafeBytes { bytes in
      let pixels = Tensor(bytes: bytes, [7, 11, 11, 3], .uint8)
      let expected =
        (pixels.cast(to: .float32) - Tensor(means.map(Float.init), [1, 1, 1, 3]).scaled(by: 255))
        / Tensor(deviations.map(Float.init), [1, 1, 1, 3]).scaled(by: 255)
      let found = Normalizer(preprocessing, on: .cpu)(pixels)
      #expect(found.shape == [7, 11, 11, 3])
      #expect(found.elements(as: Float.self) == expected.elements())
    }
  }

  @Test func `a measured batch is erased as a step's is`() {
    var recipe = Recipe()
    recipe.data.inputSize = 32
    recipe.data.erasing.probability = 0.8
    let batch = PixelBatch.noise(count: 6, size: 32, seed: 4)
    let images = StepImages(recipe)
    let erased = images.normalized(batch)
    let whole: [Float] = erased.elements()
    images.erase(erased, of: batch, epoch: 3)
    let expected = Normalizer(recipe.data.preprocessing, on: .cpu)(
      Tensor(bytes: batch.pixels, [6, 32, 32, 3], .uint8))
    RandomErasing(recipe)?.erasures(side: 32, seed: recipe.seed, epoch: 3, views: batch.indices).apply(
      to: expected)
    #expect(erased.elements(as: Float.self) == expected.elements() && erased.elements() != whole)
  }
}
