import FoundationEssentials
import RunControl
import Testing

@testable import LivePage

/// What an evaluation left of its pairs of classes and of its mistakes.
@Suite struct TableTests {
  @Test func `of ten thousand classes those that are confused most are shown`() throws {
    let wrong = (1..<40).map { (label: $0, predicted: ($0 + 1) % 40, images: $0) }
    let table = try #require(
      ConfusionTable(wrong: wrong, right: [Int](repeating: 50, count: 10_000)) { "c\($0)" })
    #expect(table.classes == 10_000 && table.names.count == ConfusionTable.mostClasses)
    #expect(table.names.contains("c39") && !table.names.contains("c5000"))
    let place = try #require(table.names.firstIndex(of: "c39"))
    #expect(table.counts[place][place] == 50)
    #expect(table.counts[place - 1][place] == 38)
    #expect(ConfusionTable(wrong: [], right: [0, 0]) { "\($0)" } == nil)
  }

  private func notes(_ count: Int, picture: String? = nil, _ path: (Int) -> String) -> [EvaluationNote
    .Mistake]
  {
    (0..<count).map {
      EvaluationNote.Mistake(
        path: path($0), label: "a", predicted: "b", confidence: 0.9, picture: picture)
    }
  }

  @Test func `the first mistakes are taken, with what their files are`() {
    let mistakes = Mistake.all(notes(100) { "/val/a/\($0).png" }) { $0.hasSuffix("0.png") ? .png : nil }
    #expect(mistakes.count == Mistake.most && mistakes[10].kind == .png && mistakes[11].kind == nil)
    #expect(mistakes[10].isShown && !mistakes[11].isShown)
  }

  @Test(arguments: ["/etc/passwd", "/dev/zero", "/nowhere", "/proc/self/environ", "/"])
  func `what is no image is not sent, whatever list names it`(path: String) {
    let mistakes = Mistake.all(notes(1) { _ in path })
    #expect(mistakes.count == 1 && mistakes[0].kind == nil && mistakes[0].content == nil)
  }

  /// Of a shard, or of a file that has gone since.
  @Test func `in the place of a file that is not there a small picture is sent, and nothing else`() {
    let png: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A, 1]
    for (bytes, isSent) in [(png, true), (Array("<script>".utf8), false)] {
      let picture = Data(bytes).base64EncodedString()
      let mistake = Mistake.all(notes(1, picture: picture) { _ in "/nowhere" })[0]
      #expect((mistake.content?.bytes == png) == isSent && mistake.isShown)
    }
  }
}
