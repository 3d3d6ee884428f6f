import Recipe
import Testing

@testable import Worker

@Suite struct MistakePicturesTests {
  private func epochs(_ epochs: Int, evaluatedEvery interval: Int = 1) -> [Int] {
    var recipe = Recipe()
    (recipe.schedule.epochs, recipe.judging.interval) = (epochs, interval)
    return MistakePictures.epochs(of: recipe).sorted()
  }

  @Test func `a run of fifty evaluations shows each, and a longer one as many`() {
    #expect(epochs(50) == Array(0..<50) && epochs(1) == [0])
    #expect(epochs(300) == (0..<50).map { 6 * $0 })
    #expect(epochs(10_000).count == 50)
  }

  @Test func `evaluations are counted, and not epochs`() {
    #expect(epochs(100, evaluatedEvery: 2) == (0..<50).map { 2 * $0 + 1 })
    #expect(epochs(1000, evaluatedEvery: 10) == (0..<50).map { 20 * $0 + 9 })
  }
}
