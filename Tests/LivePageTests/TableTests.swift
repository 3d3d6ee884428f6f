import Testing

@testable import LivePage

/// The tables that an evaluation left.
@Suite struct TableTests {
  @Test func `of ten thousand classes those that are confused most are shown`() throws {
    var text = "label,predicted,images\n"
    for number in 0..<10_000 {
      text += "c\(number),c\(number),50\n"
      if number < 40 { text += "c\(number),c\((number + 1) % 40),\(number)\n" }
    }
    let table = try #require(ConfusionTable(Array(text.utf8)))
    #expect(table.classes == 10_000 && table.names.count == ConfusionTable.mostClasses)
    #expect(table.names.contains("c39") && !table.names.contains("c5000"))
    let place = try #require(table.names.firstIndex(of: "c39"))
    #expect(table.counts[place][place] == 50)
  }

  @Test func `a table without rows, or of something else, is none`() {
    for text in ["", "label,predicted,images\n", "x\ny\n", "a,b,c\n1,2,three\n"] {
      #expect(ConfusionTable(Array(text.utf8)) == nil)
    }
  }

  @Test func `the first mistakes are taken, with what their files are`() {
    let rows = (0..<100).map { "val/a/\($0).png,a,b,0.9\n" }.joined()
    let mistakes = Mistake.all(in: Array("path,label,predicted,confidence\n\(rows)".utf8)) {
      $0.hasSuffix("0.png") ? .png : nil
    }
    #expect(mistakes.count == Mistake.most && mistakes[10].kind == .png && mistakes[11].kind == nil)
    #expect(
      mistakes[1] == Mistake(path: "val/a/1.png", label: "a", predicted: "b", confidence: 0.9, kind: nil))
  }

  @Test(arguments: ["/etc/passwd", "/dev/zero", "/nowhere", "/proc/self/environ", "/"])
  func `what is no image is not sent, whatever list names it`(path: String) {
    let mistakes = Mistake.all(in: Array("path,label,predicted,confidence\n\(path),a,b,0.9\n".utf8))
    #expect(mistakes.count == 1 && mistakes[0].kind == nil && mistakes[0].content == nil)
  }
}
