import Testing

@testable import Collective

@Suite("Budget of shared memory")
struct SharedMemoryBudgetTests {
  private typealias Verdict = SharedMemoryBudget.Verdict

  @Test
  func `the smallest allowance counts, and what is shared already counts against the user's limit alone`() {
    let budget = SharedMemoryBudget(limit: 1_000, machine: 700, controlGroup: 800)
    #expect(budget.verdict(used: 0, adding: 700) == Verdict(needed: 700, allowed: 700, bound: .none))
    #expect(budget.verdict(used: 0, adding: 701) == Verdict(needed: 701, allowed: 700, bound: .machine))
    #expect(budget.verdict(used: 301, adding: 700) == Verdict(needed: 700, allowed: 699, bound: .limit))
    #expect(budget.verdict(used: 5_000, adding: 1) == Verdict(needed: 1, allowed: 0, bound: .limit))
    let grouped = SharedMemoryBudget(limit: 1_000, machine: 900, controlGroup: 800)
    #expect(grouped.verdict(used: 0, adding: 801) == Verdict(needed: 801, allowed: 800, bound: .controlGroup))
    #expect(SharedMemoryBudget().verdict(used: 0, adding: 1 << 50).bound == .none)
  }

  @Test(arguments: [
    (SharedMemoryBudget.Bound.limit, "raise --shm-size"), (.machine, "the machine has 20 available"),
    (.controlGroup, "memory.max"), (.kernel, "the kernel"),
  ])
  func `every refusal names the bytes, what bounds them and the way out`(
    bound: SharedMemoryBudget.Bound, reason: String
  ) {
    let words = "\(Verdict(needed: 30, allowed: 20, bound: bound))"
    for part in ["needs 30 bytes", "20", "--shm-size", "--transport ipc", reason] {
      #expect(words.contains(part))
    }
  }

  @Test func `available memory is read in kilobytes`() {
    let text = "MemTotal:       100 kB\nMemFree:  7 kB\nMemAvailable:     42 kB\n"
    #expect(SharedMemoryBudget.available(in: text) == 42 * 1024)
    #expect(SharedMemoryBudget.available(in: "MemTotal: 1 kB") == nil)
    #expect(SharedMemoryBudget.now(limit: nil).machine ?? 0 > 0)
  }

  @Test func `a process is in its control group and in all above it, of either version`() {
    let first = "12:cpu,cpuacct:/a\n5:memory:/docker/x\n1:name=systemd:/y\n"
    #expect(
      SharedMemoryBudget.memoryGroups(in: first)
        == ["", "/docker", "/docker/x"].map { MemoryGroup(version: 1, path: $0) })
    #expect(
      SharedMemoryBudget.memoryGroups(in: "0::/user/run:7\n")
        == ["", "/user", "/user/run:7"].map { MemoryGroup(version: 2, path: $0) })
    #expect(SharedMemoryBudget.memoryGroups(in: "").isEmpty)
  }

  @Test func `a group leaves its limit less what is in use, without cache that can go`() {
    let second = [
      "/sys/fs/cgroup/a/memory.max": "1000\n", "/sys/fs/cgroup/a/memory.current": "900\n",
      "/sys/fs/cgroup/a/memory.stat": "anon 5\ninactive_file 300\nactive_file 1\n",
      "/sys/fs/cgroup/b/memory.max": "max\n", "/sys/fs/cgroup/b/memory.current": "900\n",
      "/sys/fs/cgroup/c/memory.max": "10\n", "/sys/fs/cgroup/c/memory.current": "900\n",
      "/sys/fs/cgroup/memory/a/memory.limit_in_bytes": "500",
      "/sys/fs/cgroup/memory/a/memory.usage_in_bytes": "450",
      "/sys/fs/cgroup/memory/a/memory.stat": "inactive_file 1\ntotal_inactive_file 50\n",
    ]
    #expect(MemoryGroup(version: 2, path: "/a").room { second[$0] } == 400)
    #expect(MemoryGroup(version: 2, path: "/b").room { second[$0] } == nil)
    #expect(MemoryGroup(version: 2, path: "/c").room { second[$0] } == 0)
    #expect(MemoryGroup(version: 1, path: "/a").room { second[$0] } == 100)
    #expect(MemoryGroup(version: 2, path: "/none").room { second[$0] } == nil)
  }
}
