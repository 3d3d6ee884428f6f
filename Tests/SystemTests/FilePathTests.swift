import Foundation
import Glibc
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

  @Test func `a path without parents leads to the same place when these are gone`() throws {
    let root = FileManager.default.temporaryDirectory.path + "/parents-\(UUID().uuidString)"
    defer { try? FileManager.default.removeItem(atPath: root) }
    for folder in ["q", "data/train", "deep/inner"] { #expect(Folders.make("\(root)/\(folder)")) }
    #expect(Folders.withoutParents("\(root)/q/../data") == "\(root)/data")
    #expect(Folders.withoutParents("\(root)/q/../data/../data/train/") == "\(root)/data/train")
    // A link leads elsewhere than its name says.
    symlink("\(root)/deep/inner", "\(root)/link")
    #expect(Folders.withoutParents("\(root)/link/../w.pth") == "\(root)/deep/w.pth")
    #expect(Folders.withoutParents("\(root)/link/data") == "\(root)/link/data")
    #expect(Folders.withoutParents("\(root)/gone/../data") == "\(root)/data")
    #expect(Folders.withoutParents("images") == "images")
  }

  @Test func `bytes go into paths and come back`() {
    let path = FilePath("/d").appending(bytes: [0x63, 0xE9])
    #expect(path.bytes == Array("/d/c".utf8) + [0xE9])
    #expect(path.quoted == #"$'/d/c\xe9'"#)
    #expect(FilePath("/d/Ä").quotedInASCII == #"$'/d/\xc3\x84'"#)
  }
}
