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

  @Test func `a file names classes, also with blanks, and others weigh 1`() throws {
    let text = "# of the rare ones\nsea lion 2.5\n\nowl, 0\nfox\t3\r\n"
    let weights = try ClassWeights.read(text, classes: ["bee", "fox", "owl", "sea lion"], "w.txt")
    #expect(weights == [1, 3, 0, 2.5])
  }

  @Test(arguments: [
    ("fox", "w.txt:2: 'fox' is no class and its weight"), ("fox -1", "w.txt:2: 'fox -1' is no class"),
    ("cat 1", "w.txt:2: there is no class 'cat' in train/"),
  ])
  func `a line that says nothing is named`(line: String, message: String) throws {
    let error = #expect(throws: Failure.self) {
      try ClassWeights.read("fox 1\n\(line)\n", classes: ["fox"], "w.txt")
    }
    #expect(error.map { "\($0)" }?.contains(message) == true)
  }
}
