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
