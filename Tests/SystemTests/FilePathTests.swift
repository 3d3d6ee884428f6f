import SystemPackage
import Testing

@testable import System

@Suite struct FilePathTests {
  @Test(
    arguments: [
      ("/d/x_1.jpg", "/d/x_1.jpg"), ("/d/two words", "'/d/two words'"), ("it's", #"'it'\''s'"#),
      ("-rf", "./-rf"), ("/d/Äpfel", "'/d/Äpfel'"), ("/d/$HOME", "'/d/$HOME'"),
      ("/d/a\u{1b}b'\\", #"$'/d/a\x1bb\'\\'"#),
    ] as [(FilePath, String)])
  func `a path is one word of a command`(path: FilePath, word: String) {
    #expect(path.quoted == word)
  }

  @Test func `bytes go into paths and come back`() {
    let path = FilePath("/d").appending(bytes: [0x63, 0xE9])
    #expect(path.bytes == Array("/d/c".utf8) + [0xE9])
    #expect(path.quoted == #"$'/d/c\xe9'"#)
    #expect(FilePath("/d/Ä").quotedInASCII == #"$'/d/\xc3\x84'"#)
  }
}
