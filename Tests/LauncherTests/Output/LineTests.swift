import System
import Testing

@testable import Launcher

@Suite struct LineSplitterTests {
  /// Every way to cut a text in three gives the same lines.
  @Test func `lines do not depend on how the bytes arrive`() {
    let text = Array("first\n\nthird line\nunfinished".utf8)
    for first in 0...text.count {
      for second in first...text.count {
        let pieces = [text[..<first], text[first..<second], text[second...]].map(Array.init)
        #expect(split(pieces) == ["first\n", "\n", "third line\n", "unfinished\n"])
      }
    }
  }

  @Test func `nothing gives no line`() {
    #expect(split([[], []]).isEmpty)
  }

  @Test func `a stream without newlines is broken`() {
    let pieces = Array(repeating: [UInt8](repeating: 46, count: 1000), count: 200)
    let lines = split(pieces)
    #expect(lines.count == 4)
    #expect(lines.allSatisfy { $0.utf8.count <= LineSplitter.longestLine + 1001 && $0.hasSuffix("\n") })
    #expect(lines.map { $0.utf8.count - 1 }.reduce(0, +) == 200_000)
  }

  private func split(_ pieces: [[UInt8]]) -> [String] {
    var splitter = LineSplitter()
    var lines: [String] = []
    for piece in pieces {
      piece.withUnsafeBytes { bytes in
        splitter.append(bytes) { lines.append(String(decoding: $0, as: UTF8.self)) }
      }
    }
    splitter.finish { lines.append(String(decoding: $0, as: UTF8.self)) }
    return lines
  }
}

@Suite struct LineQueueTests {
  @Test func `hands out whole lines up to what a pipe takes whole`() {
    var queue = LineQueue()
    for number in 0..<1000 { queue.append("line \(number)\n", prefix: "> ") }
    var text = ""
    while queue.count > 0 {
      queue.writeNext { bytes in
        #expect(bytes.count <= LineQueue.longestWrite)
        #expect(bytes.last == newline)
        text += String(decoding: bytes, as: UTF8.self)
        return bytes.count
      }
    }
    #expect(text == (0..<1000).map { "> line \($0)\n" }.joined())
  }

  @Test func `goes on where a write stopped`() {
    var queue = LineQueue()
    let line = String(repeating: "x", count: 10_000) + "\n"
    queue.append(line, prefix: "")
    queue.append("end\n", prefix: "")
    var text = ""
    while queue.count > 0 {
      queue.writeNext { bytes in
        let taken = min(777, bytes.count)
        text += String(decoding: bytes.prefix(taken), as: UTF8.self)
        return taken
      }
    }
    #expect(text == line + "end\n")
  }
}

@Suite struct TailTests {
  @Test(arguments: [0, 1, 3, 4, 7, 8, 100])
  func `keeps the last lines in order`(count: Int) {
    var tail = Tail(capacity: 4)
    for number in 0..<count {
      var line = "line \(number)\n"
      line.withUTF8 { tail.append(UnsafeRawBufferPointer($0)) }
    }
    #expect(tail.text == (0..<count).suffix(4).map { "line \($0)" })
  }

  /// A report goes to files and over the network too, and from there to terminals.
  @Test func `what is kept is safe to show, and of a bar of progress its last state`() {
    var tail = Tail()
    for line in ["\u{1b}[31mred\u{1b}[0m\n", "1%\r50%\r100%\r\n", "a\tb\r\n", "\n"] {
      Array(line.utf8).withUnsafeBytes { tail.append($0) }
    }
    [0xFF, 0x41, newline].withUnsafeBytes { tail.append($0) }
    #expect(tail.text == [#"\x1b[31mred\x1b[0m"#, "100%", "a\tb", "", #"\xffA"#])
  }

  /// A message to another host has room for a megabyte.
  @Test func `of a line without end the beginning is kept`() {
    var tail = Tail()
    for byte in [UInt8(ascii: "x"), 0xFF] {
      ([UInt8](repeating: byte, count: 60_000) + [newline]).withUnsafeBytes { tail.append($0) }
    }
    #expect(tail.text[0] == String(repeating: "x", count: 2000) + "…")
    #expect(tail.text[1].utf8.count < 10_000)
  }
}

extension LineQueue {
  fileprivate mutating func append(_ line: String, prefix: String) {
    var line = line
    line.withUTF8 { append(UnsafeRawBufferPointer($0), prefix: Array(prefix.utf8)) }
  }
}
