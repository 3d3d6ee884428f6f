import Datasets
import Testing
import Training

@testable import Worker

@Suite struct ClassLinesTests {
  private func lines(
    _ images: [(label: Int, predicted: Int)], _ names: [ClassName], prefix: String = ""
  ) -> [String] {
    let tally = images.reduce(into: ClassTally(classes: names.count)) { tally, image in
      tally.count(image.label, predicted: image.predicted)
    }
    return ClassLines(tally, names).text(prefix: prefix)
  }

  @Test func `the worst three are named with what they are out of, and dead classes apart`() {
    let images = (0..<12).flatMap { number in
      [(0, 0), (1, number < 1 ? 1 : 0), (2, 0), (3, number < 6 ? 3 : 0), (4, 4)]
    }
    #expect(
      lines(images, ["ash", "beech", "cedar", "date", "elm"]) == [
        "Balanced accuracy 51.7 %; worst: cedar (0.0 % of 12), beech (8.3 % of 12), date (50.0 % of 12)",
        "Never predicted: 1 of 5 classes: cedar",
      ])
  }

  @Test func `the average's lines say so`() {
    #expect(
      lines([(0, 1), (1, 1)], ["a", "b"], prefix: "EMA ") == [
        "EMA balanced accuracy 50.0 %; worst: a (0.0 % of 1)", "EMA never predicted: 1 of 2 classes: a",
      ])
  }

  @Test func `one class, and no image, say no more than there is`() {
    #expect(lines([(0, 0)], ["only"]) == ["Balanced accuracy 100.0 %"])
    #expect(lines([], ["a", "b"]) == [])
  }

  @Test func `ten thousand classes with long names take short lines`() {
    let names = (0..<10_000).map { ClassName(text: "\($0)-" + String(repeating: "x", count: 200)) }
    let lines = lines(names.indices.map { ($0, 0) }, names)
    #expect(lines.count == 2 && lines.allSatisfy { $0.count < 330 }, "\(lines)")
    #expect(lines[1].hasPrefix("Never predicted: 9999 of 10000 classes: 1-xxxxx"))
    #expect(lines[1].hasSuffix(", … (9989 more)"))
  }

  @Test func `a name commands no terminal`() {
    #expect(lines([(0, 1), (1, 1)], ["a\u{1b}[2J", "b"])[1].hasSuffix(#"a\x1b[2J"#))
  }
}
