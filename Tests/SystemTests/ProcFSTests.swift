import Glibc
import Testing

@testable import System

@Suite struct ProcFSTests {
  @Test func `a name may hold what separates fields`() throws {
    let fields = (3...52).map(String.init).dropFirst()
    let process = try #require(ProcFS.Process(stat: "7 (a ) b) T \(fields.joined(separator: " "))\n"))
    #expect(process.state == "T" && process.start == 22)
    #expect(process.parent == 4 && process.ticks == 14 + 15 && process.residentPages == 24)
    #expect(ProcFS.Process(stat: "7 (cut short) S 1 2") == nil)
  }

  @Test func `this process runs and nobody has the highest number`() throws {
    let own = try #require(ProcFS.Process(getpid()))
    #expect(!own.hasEnded && own.start > 0)
    #expect(ProcFS.Process(.max) == nil)
  }

  @Test func `a text is read to its end`() throws {
    let text = try #require(ProcFS.text("/proc/self/smaps"))
    #expect(text.utf8.count > 8192)
    #expect(ProcFS.text("/proc/self/none") == nil)
  }

  @Test func `numbers stand behind their names`() {
    let text = "MemTotal:   16 kB\noom_kill 3\noom_kill_disable 0\nlimit max\n"
    #expect(ProcFS.number(after: "MemTotal:", in: text) == 16)
    #expect(ProcFS.number(after: "oom_kill", in: text) == 3)
    #expect(ProcFS.number(after: "limit", in: text) == nil && ProcFS.number(after: "oom", in: text) == nil)
  }
}
