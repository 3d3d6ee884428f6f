import Testing

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
    #expect(readableStackLine(line) == expected)
  }
}
