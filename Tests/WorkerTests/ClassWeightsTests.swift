import Recipe
import Testing

@testable import Worker

@Suite struct ClassWeightsTests {
  @Test func `balanced, each class counts as much as any other and an image 1 on average`() {
    let counts = [90, 9, 1]
    let weights = ClassWeights.balanced(counts)
    let shares = zip(counts, weights).map { Double($0) * $1 }
    #expect(shares.allSatisfy { abs($0 - 100 / 3) < 1e-9 })
    #expect(abs(shares.reduce(0, +) - 100) < 1e-9)
  }

  private static let classes = ["bee", "fox", "owl", "sea lion"]

  @Test func `a file names classes, also with blanks, and a star stands for all others`() throws {
    let text = "# of the rare ones\nsea lion 2.5\n\nowl, 0.5\nfox\t3\r\n"
    for (more, bee) in [("* 1", 1.0), ("bee 4", 4), ("bee 4\n* 9", 4)] {
      let weights = try ClassWeights.read(text + more, classes: Self.classes, "w.txt")
      #expect(weights == [bee, 3, 0.5, 2.5])
    }
  }

  @Test(arguments: [
    ("fox", "w.txt:2: 'fox' is no class and its weight."), ("3", "w.txt:2: '3' is no class and its weight."),
    ("bee -1", "w.txt:2: the weight of 'bee' is -1.0, and must be above 0"),
    ("bee 0", "w.txt:2: the weight of 'bee' is 0.0, and must be above 0"),
    ("bee nan", "w.txt:2: the weight of 'bee' is nan, and must be above 0"),
    ("bee 1e7", "and at most 1000000"),
    ("# again\nfox 2", "w.txt:3: 'fox' has a weight in line 1 already"),
    ("cat 1", "w.txt:2: there is no class 'cat' in train/"),
    ("owls 1", "w.txt:2: there is no class 'owls' in train/; is 'owl' meant?"),
    ("bee 1", "w.txt: no weight for 2 of 4 classes, such as 'owl'. Add a line for each"),
  ])
  func `what a file lacks or has too much of is named with its line`(line: String, message: String) throws {
    let error = #expect(throws: Failure.self) {
      try ClassWeights.read("fox 1\n\(line)\n", classes: Self.classes, "w.txt")
    }
    #expect(error.map { "\($0)" }?.contains(message) == true, "\(error.map { "\($0)" } ?? "")")
    #expect(error?.exitStatus == .badConfiguration)
  }
}
