import Testing

@testable import System

@Suite struct ProcessorsTests {
  private func quota(_ membership: String, _ files: [String: String]) -> Double? {
    Processors.quota(ControlGroups(membership: membership) { files[$0] })
  }

  @Test func `the tightest group of the second version counts`() {
    let files = [
      "/sys/fs/cgroup/a/cpu.max": "150000 100000\n", "/sys/fs/cgroup/a/b/cpu.max": "max 100000\n",
      "/sys/fs/cgroup/a/b/c/cpu.max": "400000 100000\n",
    ]
    #expect(quota("0::/a/b/c\n", files) == 1.5)
    #expect(quota("0::/\n", files) == nil)
  }

  /// As Docker shows it without a namespace of its own for groups: the path is the host's, the files are at the root.
  @Test func `a container's group may be at the root`() {
    #expect(quota("0::/docker/0123\n", ["/sys/fs/cgroup/cpu.max": "50000 100000\n"]) == 0.5)
  }

  @Test func `groups of the first version count`() {
    let membership = "12:memory:/m\n4:cpu,cpuacct:/jobs/7\n0::/\n"
    let folder = "/sys/fs/cgroup/cpu/jobs/7"
    let files = ["\(folder)/cpu.cfs_quota_us": "300000\n", "\(folder)/cpu.cfs_period_us": "100000\n"]
    #expect(quota(membership, files) == 3)
    #expect(quota(membership, files.merging(["\(folder)/cpu.cfs_quota_us": "-1\n"]) { $1 }) == nil)
  }

  @Test(arguments: ["", "max\n", "0 0\n", "-5 100000\n", "nonsense\n"])
  func `what is no quota limits nothing`(_ text: String) {
    #expect(quota("0::/\n", ["/sys/fs/cgroup/cpu.max": text]) == nil)
  }

  @Test func `there is one at least`() { #expect(Processors.usable >= 1) }
}
