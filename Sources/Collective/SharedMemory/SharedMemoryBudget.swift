internal import System

/// How much memory a host's ranks may share, by the user's limit, the machine and the control group.
struct SharedMemoryBudget: Equatable, Sendable {
  /// The user's limit for all buffers together, in bytes (`--shm-size`).
  var limit: Int?
  /// The bytes that the machine has available.
  var machine: Int?
  /// The bytes that this process's control group has left.
  var controlGroup: Int?

  /// What limits a request.
  enum Bound: UInt64, Sendable {
    case none, limit, machine, controlGroup, kernel
  }

  /// The result of a request: the bytes needed, the bytes allowed, and what limits them.
  struct Verdict: Equatable, Sendable {
    var needed: Int
    var allowed: Int
    var bound: Bound
  }

  /// Judges a request for `adding` bytes beside `used` bytes shared already; the smallest allowance counts.
  func verdict(used: Int, adding: Int) -> Verdict {
    let bounds: [(Int?, Bound)] = [
      (limit.map { max(0, $0 - used) }, .limit), (machine, .machine), (controlGroup, .controlGroup),
    ]
    let tightest = bounds.compactMap { allowed, bound in allowed.map { ($0, bound) } }.min { $0.0 < $1.0 }
    guard let (allowed, bound) = tightest, allowed < adding else {
      return Verdict(needed: adding, allowed: adding, bound: .none)
    }
    return Verdict(needed: adding, allowed: allowed, bound: bound)
  }
}

extension SharedMemoryBudget.Verdict: CustomStringConvertible {
  /// What is needed, what can be had, and what to do about it.
  var description: String {
    let demand = "the buffer needs \(needed) bytes of shared memory on this host, and "
    let socketsHelp = "use --transport ipc, which needs none"
    return switch bound {
    case .none: "\(demand)they are there"
    case .limit: "\(demand)--shm-size leaves \(allowed): raise --shm-size, or \(socketsHelp)"
    case .machine:
      "\(demand)the machine has \(allowed) available, whatever --shm-size allows: start fewer workers, or \(socketsHelp)"
    case .controlGroup:
      "\(demand)the control group of this process (memory.max) leaves \(allowed), whatever --shm-size allows: "
        + "give the container or service more memory, or \(socketsHelp)"
    case .kernel:
      "\(demand)the kernel gave \(allowed) of them before it refused, whatever --shm-size allows: free memory, "
        + "or \(socketsHelp)"
    }
  }
}

extension SharedMemoryBudget {
  /// Reads what the machine and this process's control groups allow now.
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

  /// The control groups that count this process's memory, outermost first, from /proc/self/cgroup.
  static func memoryGroups(in membership: String) -> [MemoryGroup] {
    ControlGroups(membership: membership, text: ProcFS.text).groups(of: "memory").map {
      MemoryGroup(version: $0.version, path: $0.path)
    }
  }
}

/// Bytes still available on this host within this process's control groups; nil where the system does not
/// say.
public func availableMemory() -> Int? {
  let budget = SharedMemoryBudget.now(limit: nil)
  return [budget.machine, budget.controlGroup].compactMap(\.self).min()
}

/// A control group that counts memory.
struct MemoryGroup: Equatable, Sendable {
  let version: Int
  let path: String

  /// The bytes that the group has left, or nil where it sets no limit; `text` returns a file's content.
  ///
  /// The cache of files not used lately is reclaimed on demand, so it does not count as used.
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
  /// The number that the text starts with; nil for a word such as "max".
  fileprivate var number: Int? { Int(prefix { !$0.isWhitespace }) }
}
