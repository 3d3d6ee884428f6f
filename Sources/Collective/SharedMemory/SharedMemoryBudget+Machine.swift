internal import System

extension SharedMemoryBudget {
  /// What this machine and this process's control groups allow now, with the user's limit.
  static func now(limit: Int?) -> SharedMemoryBudget {
    let groups = memoryGroups(in: smallFile("/proc/self/cgroup") ?? "")
    return SharedMemoryBudget(
      limit: limit, machine: available(in: smallFile("/proc/meminfo") ?? ""),
      controlGroup: groups.compactMap { $0.room(smallFile) }.min())
  }

  /// MemAvailable in bytes, from the text of /proc/meminfo.
  static func available(in memory: String) -> Int? {
    memory.value(after: "MemAvailable:").map { $0 * 1024 }
  }

  /// The control groups that count this process's memory, outermost first, from the text of /proc/self/cgroup.
  static func memoryGroups(in membership: String) -> [MemoryGroup] {
    ControlGroups(membership: membership, text: smallFile).groups(of: "memory").map {
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
    let cache = text("\(folder)/memory.stat")?.value(
      after: isSecond ? "inactive_file" : "total_inactive_file")
    return max(0, limit - max(0, used - (cache ?? 0)))
  }
}

extension String {
  /// The number that the text is; nil for a word such as "max".
  fileprivate var number: Int? { Int(prefix { !$0.isWhitespace }) }

  /// The number after a name that begins a line.
  fileprivate func value(after name: String) -> Int? {
    for line in split(separator: "\n") {
      let words = line.split(whereSeparator: \.isWhitespace)
      if words.count > 1, words[0] == name { return Int(words[1]) }
    }
    return nil
  }
}
