import Recipe
import Testing

@testable import Launcher

@Suite struct RecipeValuesTests {
  private func values(_ change: (inout Recipe) -> Void) -> RecipeValues {
    var recipe = Recipe()
    change(&recipe)
    return RecipeValues(of: recipe)
  }

  @Test func `what differs is named by the flag that sets it`() {
    let first = values { _ in }
    let other = values { ($0.data.batchSize, $0.smoothing, $0.optimizer.clip) = (16, 0.2, 1) }
    #expect(
      other.differences(from: first)
        == "--batch-size 16, not \(Recipe().data.batchSize); --clip-grad 1, not 5; --smoothing 0.2, not 0.1")
  }

  @Test func `where the images lie is each host's own affair`() {
    #expect(values { $0.data.path = "/a" }.differences(from: values { $0.data.path = "/b" }) == nil)
  }

  @Test func `many differences are counted, and long texts cut`() {
    let many = values {
      ($0.seed, $0.schedule.base, $0.smoothing, $0.accumulation, $0.data.batchSize) = (9, 9, 0.9, 9, 9)
      $0.model.name = String(repeating: "x", count: 1000)
    }
    let text = many.differences(from: values { _ in }) ?? ""
    #expect(text.hasSuffix("; and 1 more") && text.count < 400, "\(text)")
  }
}
