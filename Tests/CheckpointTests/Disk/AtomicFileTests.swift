import Foundation
import Testing

@testable import Checkpoint

@Suite struct AtomicFileTests {
  let folder: TemporaryFolder
  let path: String

  init() throws {
    folder = try TemporaryFolder()
    path = "\(folder.path)/recipe.json"
  }

  @Test func `replaces the whole content`() throws {
    try AtomicFile.write("a long first text", to: path)
    try AtomicFile.write("short", to: path)
    #expect(try String(contentsOfFile: path, encoding: .utf8) == "short")
    #expect(folder.names() == ["recipe.json"])
  }

  @Test func `a text that grows has its name when it is whole, or none`() throws {
    try AtomicFile.write("old", to: path)
    do {
      let text = try GrowingText(for: path)
      try text.write("half")
    }
    #expect(folder.names() == ["recipe.json"])
    let text = try GrowingText(for: path)
    try text.write("new ")
    #expect(try String(contentsOfFile: path, encoding: .utf8) == "old")
    try text.write("text")
    try text.finish()
    #expect(try String(contentsOfFile: path, encoding: .utf8) == "new text")
    #expect(folder.names() == ["recipe.json"])
    #expect(throws: CheckpointError.self) { try GrowingText(for: "\(path)/none/page.html") }
  }

  /// Whichever operation fails, and whether the process lives on or not, the old text or the new is there.
  @Test(arguments: [false, true])
  func `a failure leaves the old content`(isCrash: Bool) throws {
    var number = 0
    while true {
      try AtomicFile.write("old", to: path)
      let failing = FailingFileSystem(failingAt: number, isCrash: isCrash)
      let isWritten =
        (try? AtomicFile.write(to: path, on: failing.disk) { writer throws(CheckpointError) in
          try writer.write(Array("new".utf8))
        }) != nil
      // The first four operations come before the new name counts: open, write, sync, rename.
      #expect(try String(contentsOfFile: path, encoding: .utf8) == (number < 4 ? "old" : "new"))
      if !isCrash { #expect(folder.names() == ["recipe.json"]) }
      if isWritten { break }
      number += 1
    }
    #expect(number == 6)
  }

  @Test func `removes what a dead writer left`() throws {
    _ = try folder.write(Data("half".utf8), ".recipe.json.999999999-1.tmp")
    let alive = try #require(TemporaryName(temporaryName: TemporaryName.own.temporaryName(for: "x")))
    #expect(alive.isAlive)
    _ = try folder.write(Data("other".utf8), ".other.999999999-1.tmp")
    try AtomicFile.write("new", to: path)
    #expect(folder.names() == [".other.999999999-1.tmp", "recipe.json"])
  }

  /// The launcher's orphans may stay so for long where the first process of a container collects nobody.
  @Test func `a writer that ended and was not collected is dead`() throws {
    var process: pid_t = 0
    var arguments: [UnsafeMutablePointer<CChar>?] = [strdup("true"), nil]
    defer { free(arguments[0]) }
    try #require(posix_spawnp(&process, "true", nil, nil, &arguments, nil) == 0)
    defer { waitpid(process, nil, 0) }
    var end = siginfo_t()
    try #require(waitid(P_PID, id_t(process), &end, WEXITED | WNOWAIT) == 0)
    let line = try String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8).split(separator: " ")
    let mark = TemporaryName(process: process, start: try #require(UInt64(line[21])))
    _ = try folder.write(Data("half".utf8), mark.temporaryName(for: "recipe.json"))
    try AtomicFile.write("new", to: path)
    #expect(folder.names() == ["recipe.json"])
  }

  @Test(arguments: ["/dev/full-folder/x", "/proc/x", "/nowhere/x"])
  func `a folder that cannot be written is named`(path: String) {
    let error = #expect(throws: CheckpointError.self) { try AtomicFile.write("x", to: path) }
    #expect(error?.description.contains("cannot create") == true)
  }

  @Test func `marks are read back`() {
    let mark = TemporaryName(process: 12, start: 345)
    let name = mark.temporaryName(for: "epoch-7.v2")
    #expect(name == ".epoch-7.v2.12-345.tmp")
    #expect(TemporaryName(temporaryName: name) == mark)
    #expect(!mark.isAlive)
    for other in ["epoch-7", ".epoch-7", ".a.b.tmp", ".a.1-2", "a.1-2.tmp", ".tmp"] {
      #expect(TemporaryName(temporaryName: other) == nil)
    }
  }
}
