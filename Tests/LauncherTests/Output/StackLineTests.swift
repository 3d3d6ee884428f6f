import Foundation
import System
import Testing
import TestSupport

@testable import Launcher

@Suite struct StackLineTests {
  @Test(arguments: [
    ("/w($s8Training7TrainerC6finishyyF+0xb9)[0x557b]", "/w(Training.Trainer.finish() -> ()+0xb9)[0x557b]"),
    ("/l(_ZN2at6native3addEi+0x1)[0x2]", "/l(at::native::add(int)+0x1)[0x2]"),
    ("/a (b)/w($s1A1ByyF+0x1)[0x2]", "/a (b)/w(A.B() -> ()+0x1)[0x2]"),
    // Neither C's names nor what only looks like a stack's line is changed.
    ("/c.so.6(read+0x4a)[0x7fa6]", "/c.so.6(read+0x4a)[0x7fa6]"),
    ("/w(+0x310ca9)[0x5]", "/w(+0x310ca9)[0x5]"),
    ("/w($sX+0x1)[0x5]", "/w($sX+0x1)[0x5]"), ("/w(_Z+0x1)[0x5]", "/w(_Z+0x1)[0x5]"),
    ("a + b (c)", "a + b (c)"), ("(", "("), ("", ""),
  ])
  func `a function has its name`(line: String, expected: String) {
    let readable = Array(line.utf8).withUnsafeBytes { readableStackLine($0) }
    #expect(readable.map { String(decoding: $0, as: UTF8.self) } == (line == expected ? nil : expected))
  }

  /// While the stacks are written, other lines are still the worker's own, whatever is in them.
  @Test func `no other byte is changed`() throws {
    let folder = try temporaryFolder()
    defer { removeFolder(folder) }
    let output = try RankOutput(rank: 0, logPath: "\(folder)/log")
    output.isQuiet = true
    var console = Console()
    let stack = Array("/w($s1A1ByyF+0x1)[0x2]\n".utf8)
    let bytes: [UInt8] = [0xFF, newline]
    bytes.withUnsafeBytes { output.receive($0, from: .errors, into: &console) }
    stack.withUnsafeBytes { output.receive($0, from: .output, into: &console) }
    stack.withUnsafeBytes { output.receive($0, from: .errors, into: &console) }
    let log = try Data(contentsOf: URL(fileURLWithPath: "\(folder)/log"))
    #expect(log == Data(bytes + stack + Array("/w(A.B() -> ()+0x1)[0x2]\n".utf8)))
  }
}
