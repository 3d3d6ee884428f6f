internal import System

/// How much memory the ranks of one host may share, and who says so.
struct SharedMemoryBudget: Equatable, Sendable {
  /// The most that the user allows, all buffers together (`--shm-size`).
  var limit: Int?
  /// What the machine can still give.
  var machine: Int?
  /// What this process's control group can still give.
  var controlGroup: Int?

  /// What stands against a demand.
  enum Bound: UInt64, Sendable {
    case none, limit, machine, controlGroup, kernel
  }

  /// What a demand came to: the bytes asked for, the bytes that could be had, and what bounds them.
  struct Verdict: Equatable, Sendable {
    var needed: Int
    var allowed: Int
    var bound: Bound
  }

  /// Judges a demand for `adding` bytes beside `used` that are shared already; the smallest allowance counts.
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

/// Bytes that this host, and this process's control groups, can still give; nil where the system does not say.
public func availableMemory() -> Int? {
  let budget = SharedMemoryBudget.now(limit: nil)
  return [budget.machine, budget.controlGroup].compactMap(\.self).min()
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
