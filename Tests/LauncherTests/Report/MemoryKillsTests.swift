import Testing

@testable import Launcher

@Suite struct MemoryKillsTests {
  @Test func `the group of the second version comes first`() {
    #expect(
      MemoryKills.sources(groups: "0::/system.slice/twins@a.service\n") == [
        group("/system.slice/twins@a.service/memory.events"), group("/memory.events"), machine,
      ])
  }

  @Test func `the first version has a hierarchy for memory`() {
    #expect(
      MemoryKills.sources(groups: "9:name=systemd:/\n4:cpu,memory:/docker/a:b\n1:cpu:/x\n") == [
        group("/memory/docker/a:b/memory.oom_control"), group("/memory/memory.oom_control"), machine,
      ])
  }

  @Test func `without groups the machine counts`() {
    #expect(MemoryKills.sources(groups: "") == [machine])
  }

  @Test(
    arguments: [
      ("low 0\nhigh 0\nmax 12\noom 3\noom_kill 2\noom_group_kill 1\n", 2),
      ("oom_kill_disable 0\nunder_oom 0\noom_kill 5\n", 5),
      ("nr_free_pages 771\noom_kill 1\n", 1), ("oom 3\noom_kill_disable 0\n", nil), ("", nil),
    ] as [(String, Int?)])
  func `reads the counter`(text: String, expected: Int?) {
    #expect(MemoryKills.count(in: text) == expected)
  }

  @Test func `this machine has a counter`() {
    #expect(MemoryKills().since == nil)
    #expect(!MemoryKills.sources(groups: "").isEmpty)
  }

  private var machine: MemoryKills.Source { .init(path: "/proc/vmstat", isOfGroup: false) }

  private func group(_ path: String) -> MemoryKills.Source {
    .init(path: "/sys/fs/cgroup\(path)", isOfGroup: true)
  }
}
