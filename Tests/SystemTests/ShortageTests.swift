import Glibc
import Testing

@testable import System

@Suite struct ShortageTests {
  @Test func `a limit of descriptors is named, with its value and how it is raised`() {
    let shortage = Shortage(.descriptors, for: "a pipe", limits: Limits(descriptors: 16))
    #expect(
      shortage.description
        == "no descriptor for a pipe: this process may have 16 (ulimit -n). Raise it with `ulimit -n 1024`, for a systemd "
        + "service with LimitNOFILE=1024.")
    #expect(shortage.exitStatus == 78)
  }

  @Test func `all that bounds threads is named`() {
    func words(_ limits: Limits) -> String { Shortage(.threads, for: "x", limits: limits).description }
    let all = words(Limits(threads: 14, tasks: 30, addressSpace: 1 << 30))
    #expect(
      all.hasPrefix(
        "no thread or process for x: this user may have 14 (ulimit -u), the control group may have 30 (pids.max), "
          + "this process may have 1024 MiB of address space (ulimit -v). Raise it with `ulimit -u 4096`"))
    #expect(words(Limits()).hasPrefix("no thread or process for x: the machine gives no more. "))
  }

  @Test func `want of memory is a limit where address space is limited, and else may pass`() {
    let limited = Shortage(.memory, for: "x", limits: Limits(addressSpace: 900 << 20))
    #expect(
      limited.description.contains("900 MiB of address space (ulimit -v). Lift it with `ulimit -v unlimited`")
    )
    #expect(limited.isLimit && limited.exitStatus == 78)
    let free = Shortage(.memory, for: "x", limits: Limits())
    #expect(!free.description.contains("ulimit") && !free.isLimit && free.exitStatus == 74)
  }

  @Test func `an errno tells what was short`() {
    func thing(_ errno: CInt) -> Shortage.Thing? { Shortage(errno: errno, for: "x", limits: Limits())?.thing }
    #expect(thing(EMFILE) == .descriptors)
    #expect(thing(EAGAIN) == .threads)
    #expect(thing(ENOMEM) == .memory)
    #expect(thing(ENOENT) == nil)
  }

  @Test func `the tightest control group bounds the tasks`() {
    let files = [
      "/sys/fs/cgroup/pids/a/pids.max": "max\n", "/sys/fs/cgroup/pids/a/b/pids.max": "200\n",
      "/sys/fs/cgroup/pids/a/b/c/pids.max": "500\n",
    ]
    #expect(ControlGroups(membership: "8:pids:/a/b/c\n") { files[$0] }.taskLimit == 200)
    #expect(ControlGroups(membership: "8:pids:/a\n") { files[$0] }.taskLimit == nil)
  }

  @Test func `more than a process can address is refused before it is needed`() {
    #expect(throws: Shortage.self) { try Limits.require(addressSpace: 1 << 50, for: "x") }
    #expect(throws: Never.self) { try Limits.require(addressSpace: 1 << 20, for: "x") }
  }

  @Test func `threads that are rehearsed are gone afterwards`() throws {
    try OwnedThread.rehearse(8, for: "x")
    let (threads, count) = (Monitor(0), 4)
    for _ in 0..<count { try OwnedThread("count") { threads.withLock { $0 += 1 } }.join() }
    #expect(threads.withLock { $0 } == count)
  }
}
