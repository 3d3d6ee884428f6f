import SystemPackage
import Testing

import System

@Suite struct MaskedTests {
  @Test(arguments: [
    ("Äpfel/bild 1.jpg", "Äpfel/bild 1.jpg"),
    ("C:\\images", "C:\\images"),
    ("a\u{1B}[31mred\u{07}", "a\\x1b[31mred\\x07"),
    ("two\nlines\ttab\r", "two\\nlines\\ttab\\r"),
    ("back\\slash\n", "back\\\\slash\\n"),
    ("\u{9B}2J", "\\u{9b}2J"),
    ("evil\u{202E}gpj.exe", "evil\\u{202e}gpj.exe"),
    ("\u{2028}", "\\u{2028}"),
  ])
  func `no control byte reaches a terminal`(text: String, shown: String) {
    #expect(masked(text) == shown)
    #expect(masked(Array(text.utf8)) == shown)
  }

  @Test func `bytes that are no UTF-8 are shown in hexadecimal, the rest as it is`() {
    #expect(masked([0x63, 0x61, 0x66, 0xE9]) == "caf\\xe9")
    #expect(masked([0xC3, 0x84, 0xFF, 0xC3]) == "Ä\\xff\\xc3")
    #expect(masked([0xED, 0xA0, 0x80]) == "\\xed\\xa0\\x80")
  }

  @Test func `a path is masked by its bytes`() {
    let path = [CChar(bitPattern: 0xE9), 0x0A, 0].withUnsafeBufferPointer {
      FilePath(platformString: $0.baseAddress!)
    }
    #expect(path.masked == "\\xe9\\n")
  }

  @Test func `lines keep their ends and nothing else`() {
    #expect(maskedLines("a\u{1b}[2J\n\nb\r\nc") == "a\\x1b[2J\n\nb\\r\nc")
    #expect(maskedLines("Äpfel \\ x") == "Äpfel \\ x")
  }
}
