internal import System

extension SharedMemoryBudget {
  /// What this machine and this process's control groups allow now, with the user's limit.
  static func now(limit: Int?) -> SharedMemoryBudget {
    let groups = memoryGroups(in: ProcFS.text("/proc/self/cgroup") ?? "")
    return SharedMemoryBudget(
      limit: limit, machine: available(in: ProcFS.text("/proc/meminfo") ?? ""),
      controlGroup: groups.compactMap { $0.room(ProcFS.text) }.min())
  }

  /// MemAvailable in bytes, from the text of /proc/meminfo.
  static func available(in memory: String) -> Int? {
    ProcFS.number(after: "MemAvailable:", in: memory).map { $0 * 1024 }
  }

  /// The control groups that count this process's memory, outermost first, from the text of /proc/self/cgroup.
  static func memoryGroups(in membership: String) -> [MemoryGroup] {
    ControlGroups(membership: membership, text: ProcFS.text).groups(of: "memory").map {
      MemoryGroup(version: $0.version, path: $0.path)
    }
  }
}

/// A control group that counts memory.
struct MemoryGroup: Equatable, Sendable {
  let version: Int
  let path: String

  /// The bytes that the group leaves, or nil where it sets no limit; `text` gives a file's content.
  ///
  /// Cache of files that nobody used lately goes when memory is wanted, so it does not count as taken.
  func room(_ text: (String) -> String?) -> Int? {
    let isSecond = version == 2
    let folder = "/sys/fs/cgroup" + (isSecond ? "" : "/memory") + path
    guard let limit = text("\(folder)/" + (isSecond ? "memory.max" : "memory.limit_in_bytes"))?.number,
      let used = text("\(folder)/" + (isSecond ? "memory.current" : "memory.usage_in_bytes"))?.number
    else { return nil }
    let cache = text("\(folder)/memory.stat").flatMap {
      ProcFS.number(after: isSecond ? "inactive_file" : "total_inactive_file", in: $0)
    }
    return max(0, limit - max(0, used - (cache ?? 0)))
  }
}

extension String {
  /// The number that the text is; nil for a word such as "max".
  fileprivate var number: Int? { Int(prefix { !$0.isWhitespace }) }
}
