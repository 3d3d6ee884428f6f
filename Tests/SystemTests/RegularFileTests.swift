import Foundation
import Glibc
import SystemPackage
import Testing

import System

@Suite final class RegularFileTests {
  private let folder = FileManager.default.temporaryDirectory.path + "/regular-file-\(UUID().uuidString)"

  init() throws { try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true) }

  deinit { try? FileManager.default.removeItem(atPath: folder) }

  @Test func `a file gives its bytes`() throws {
    try Data("content".utf8).write(to: URL(fileURLWithPath: folder + "/file"))
    let file = try RegularFile(FilePath(folder + "/file"))
    var bytes = [UInt8](repeating: 0, count: 16)
    let count = try bytes.withUnsafeMutableBytes { try file.read(into: $0) }
    #expect(file.size == 7)
    #expect(String(decoding: bytes[..<count], as: UTF8.self) == "content")
  }

  @Test func `a pipe is refused and not waited for`() {
    mkfifo(folder + "/pipe.jpg", 0o600)
    #expect(failure(of: "pipe.jpg") == ENXIO)
  }

  @Test func `a file is made and added to, and a pipe in its place is not waited for`() throws {
    for text in ["one ", "two"] {
      try RegularFile(addingTo: FilePath(folder + "/log")).write(Array(text.utf8))
    }
    #expect(try RegularFile.contents(of: FilePath(folder + "/log")) == Array("one two".utf8))
    mkfifo(folder + "/pipe", 0o600)
    // With a reader the opening would succeed.
    let reader = open(folder + "/pipe", O_RDONLY | O_NONBLOCK)
    defer { close(reader) }
    let error = #expect(throws: SystemError.self) {
      try RegularFile(addingTo: FilePath(folder + "/pipe")).write([])
    }
    #expect(error?.errno == ENXIO && error?.reason.contains("it is a pipe") == true)
  }

  @Test func `a folder, a socket and a missing file are refused`() throws {
    try FileManager.default.createDirectory(atPath: folder + "/folder", withIntermediateDirectories: true)
    #expect(failure(of: "folder") == EISDIR)
    #expect(failure(of: "nothing") == ENOENT)
  }

  private func failure(of name: String) -> CInt? {
    do {
      _ = try RegularFile(FilePath(folder + "/" + name))
      return nil
    } catch {
      return error.errno
    }
  }
}
