import Foundation
import Testing

@testable import Datasets

@Suite struct ClassNameTests {
  static let composed = ClassName("\u{c4}pfel")
  static let decomposed = ClassName("A\u{308}pfel")

  @Test func `names are their bytes`() {
    #expect("\u{c4}pfel" == "A\u{308}pfel")
    #expect(Self.composed != Self.decomposed)
    #expect(Set([Self.composed, Self.decomposed]).count == 2)
    #expect(Self.composed.looksLike(Self.decomposed))
    #expect(!Self.composed.looksLike(Self.composed))
    #expect(Self.decomposed < Self.composed)
  }

  @Test func `a spelling tells look-alikes apart`() {
    #expect(Self.composed.spelling == #"\u{c4}pfel"#)
    #expect(Self.decomposed.spelling == #"A\u{308}pfel"#)
    #expect(ClassName(bytes: [0x63, 0xE9]).spelling == #"c\xe9"#)
  }

  @Test(arguments: [
    (Array("caf\u{e9}".utf8), "caf\u{e9}"), (Array("caf".utf8) + [0xE9], #"caf\xe9"#),
    (Array(#"caf\xe9"#.utf8), #"caf\\xe9"#), (Array("a\\b\nc\r".utf8), #"a\\b\x0ac"# + "\r"),
    (Array("A\u{308}".utf8), "A\u{308}"), ([0xFF], #"\xff"#),
  ])
  func `every name has a text that reads back`(bytes: [UInt8], text: String) throws {
    let name = ClassName(bytes: bytes)
    #expect(Array(name.text.utf8) == Array(text.utf8))
    #expect(ClassName(text: text) == name)
    #expect(try JSONDecoder().decode([ClassName].self, from: JSONEncoder().encode([name])) == [name])
  }

  @Test func `random names read back`() {
    var generator = SystemRandomNumberGenerator()
    for _ in 0..<2000 {
      let letters = Array(#"\xa0fé"#.utf8) + [0xE9, 10, 13, 0x1B]
      let name = ClassName(bytes: (0..<8).map { _ in letters.randomElement(using: &generator) ?? 0 })
      #expect(ClassName(text: name.text) == name)
    }
  }

  @Test func `a text from before there were escapes is taken as it stands`() {
    #expect(ClassName(text: #"a\b"#) == ClassName(#"a\b"#))
    #expect(ClassName(text: #"\x9"#) == ClassName(#"\x9"#))
  }

  @Test func `no control character is shown`() {
    #expect(ClassName("a\u{1b}[2Jb").description == #"a\x1b[2Jb"#)
    #expect(ClassName("Äpfel").description == "Äpfel")
  }
}
