import Datasets
import Recipe
import Testing

@testable import Training

@Suite struct ClassMismatchTests {
  private func mismatch(_ trained: [ClassName], _ found: [ClassName]) -> String? {
    do throws(ClassMismatch) {
      try ClassMismatch.check(trained, against: found, of: "w.safetensors")
      return nil
    } catch {
      return error.description
    }
  }

  @Test func `the same bytes fit, and so does a file without names`() {
    #expect(mismatch(["a", "\u{c4}"], ["a", "\u{c4}"]) == nil)
    #expect(mismatch([], ["a"]) == nil)
  }

  @Test(
    arguments: [
      (["a", "b"], ["a", "c"], "other classes: 'b' where the folder has 'c'"),
      (["\u{c4}"], ["A\u{308}"], #"is spelled \u{c4} there and A\u{308} in the folder"#),
      (["a", "b", "c"], ["a", "c"], "3 classes and the folder has 2: 'b' where the folder has 'c'"),
      (["a", "b"], ["a"], "2 classes and the folder has 1: the folder has no 'b'"),
      (["a"], ["a", "b"], "1 class and the folder has 2: only the folder has 'b'"),
    ] as [([ClassName], [ClassName], String)])
  func `what differs is named, also where counts differ`(
    trained: [ClassName], found: [ClassName], says: String
  ) throws {
    let description = try #require(mismatch(trained, found))
    #expect(description.contains(says), "\(description)")
  }

  @Test func `names in any bytes go through a file of weights`() throws {
    let classes = [ClassName(bytes: [0xE9]), "a\\b", "two\nlines", "ends in a return\r", "\u{301}mark"]
    let weights = Weights(model: "m", classes: classes, images: .init(inputSize: 224, cropPercent: 1))
    #expect(Weights(metadata: weights.metadata) == weights)
  }
}
