import Glibc
import System
import TestSupport
import Testing

@testable import LivePage
@testable import RunControl

/// What is taken of a machine, from texts as its kernel writes them.
@Suite struct SystemUseTests {
  private let page = sysconf(Int32(_SC_PAGESIZE))
  private let hertz = sysconf(Int32(_SC_CLK_TCK))

  private var status: RunStatus {
    RunStatus(
      run: "r1", attempt: 0, launcher: 7, state: .running, uptimeSeconds: 10, healthy: true,
      ranks: [(0, 100), (1, 101), (2, 102), (3, nil)].map {
        RunStatus.Rank(rank: $0, pid: $1, state: .running, restarts: 0)
      })
  }

  /// Four processors, so many seconds after boot, of which three were busy all the time; rank 0 took two of them.
  private func texts(at seconds: Int) -> [String: String] {
    func process(_ number: Int, parent: Int, ticks: Int) -> String {
      "\(number) (twins-worker) R \(parent) 1 1 0 -1 0 0 0 0 0 \(ticks) 0 0 0 20 0 9 0 55 1000 300 0"
    }
    let ticks = seconds * hertz
    return [
      "/proc/stat": """
      cpu  \(2 * ticks) 0 \(ticks) \(ticks / 2) \(ticks - ticks / 2) 0 0 0 \(ticks) 0
      cpu0 1 0 0 0 0 0 0 0 0 0
      cpu1 1 0 0 0 0 0 0 0 0 0
      cpu2 1 0 0 0 0 0 0 0 0 0
      cpu3 1 0 0 0 0 0 0 0 0 0
      intr 1 2 3
      """,
      "/proc/meminfo": "MemTotal: 4096 kB\nMemFree: 1 kB\nMemAvailable: 1024 kB\n",
      "/proc/100/stat": process(100, parent: 7, ticks: 2 * ticks),
      "/proc/101/stat": process(101, parent: 1, ticks: ticks),
    ]
  }

  @Test
  func `processors are told from the second look on, memory from the first, of the launcher's own workers`() {
    var watch = SystemWatch()
    let first = watch.look(for: status) { texts(at: 100)[$0] }
    #expect(first?.busy == nil && first?.processors == 4)
    #expect(first?.memory == 4096 << 10 && first?.memoryTaken == 3072 << 10)
    #expect(first?.ranks == [0: SystemUse.Share(busy: nil, memory: 300 * page)])
    let second = watch.look(for: status) { texts(at: 102)[$0] }
    #expect(second?.busy == 3 && second?.ranks[0]?.busy == 2)
    // Nobody looked for an hour.
    #expect(watch.look(for: status) { texts(at: 3702)[$0] }?.busy == nil)
    // Its number went to another process.
    let last = watch.look(for: status) { texts(at: 3704)[$0]?.replacing(" 55 ", with: " 56 ") }
    #expect(last?.busy == 3 && last?.ranks[0] == SystemUse.Share(busy: nil, memory: 300 * page))
  }

  @Test func `what the kernel does not tell is blank`() {
    var watch = SystemWatch()
    #expect(watch.look(for: status) { _ in nil } == nil)
    #expect(watch.look(for: status) { _ in "cpu x\ncpu0\n" } == nil)
    let half = watch.look(for: status) { $0 == "/proc/stat" ? "cpu 1 2 3 4 5 6 7 8\ncpu0 1\n" : nil }
    #expect(half == SystemUse(processors: 1))
  }

  @Test func `the page shows them, and without them nothing`() {
    var reading = RunReading(RunHistory(.trained(epochs: 2, of: 5, ending: nil), host: "here"), at: 2000)
    reading.status = status
    #expect(!PageState(reading, after: nil).document.contains("processors"))
    var use = SystemUse(processors: 16)
    (use.busy, use.memory, use.memoryTaken) = (5.25, 64 << 30, 12 << 30)
    use.ranks[1] = SystemUse.Share(busy: 0.98, memory: 512 << 20)
    reading.system = use
    let document = PageState(reading, after: nil).document
    for part in [
      "<b>5.3 of 16</b><small>processors busy</small>", "<b>12.0 of 64.0 GB</b><small>memory taken</small>",
      "<td>0.98</td><td>512 MB</td>",
    ] { #expect(document.contains(part), "\(part)") }
  }
}
