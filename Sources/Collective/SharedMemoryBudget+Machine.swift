internal import Glibc

extension SharedMemoryBudget {
  /// What this machine and this process's control groups allow now, with the user's limit.
  static func now(limit: Int?) -> SharedMemoryBudget {
    let groups = memoryGroups(in: text(of: "/proc/self/cgroup") ?? "")
    return SharedMemoryBudget(
      limit: limit, machine: available(in: text(of: "/proc/meminfo") ?? ""),
      controlGroup: groups.compactMap { $0.room(text) }.min())
  }

  /// MemAvailable in bytes, from the text of /proc/meminfo.
  static func available(in memory: String) -> Int? {
    memory.value(after: "MemAvailable:").map { $0 * 1024 }
  }

  /// The control groups that count this process's memory, outermost first, from the text of /proc/self/cgroup.
  static func memoryGroups(in membership: String) -> [MemoryGroup] {
    membership.split(separator: "\n").flatMap { line -> [MemoryGroup] in
      let fields = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
      guard fields.count == 3 else { return [] }
      if fields[1].isEmpty { return ancestors(of: fields[2]).map { MemoryGroup(version: 2, path: $0) } }
      guard fields[1].split(separator: ",").contains("memory") else { return [] }
      return ancestors(of: fields[2]).map { MemoryGroup(version: 1, path: $0) }
    }
  }

  /// "" and every part of a path: a limit on any of them holds.
  private static func ancestors(of path: Substring) -> [String] {
    path.split(separator: "/").reduce(into: [""]) { $0.append("\($0[$0.count - 1])/\($1)") }
  }

  /// The text of a small file, if it can be read.
  private static func text(of path: String) -> String? {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var bytes = [UInt8](repeating: 0, count: 65_536)
    let count = read(descriptor, &bytes, bytes.count)
    return count < 0 ? nil : String(decoding: bytes.prefix(count), as: UTF8.self)
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
