import Glibc
import RunControl
import System

/// The use of the machine on which a run's launcher and this program are, from the kernel.
struct SystemUse: Equatable, Sendable {
  /// Busy processors since the last look, whoever used them; nil at the first look.
  var busy: Double?
  let processors: Int
  /// In bytes; nil if unknown.
  var memoryTaken: Int?
  var memory: Int?
  /// By rank, for processes on this machine.
  var ranks: [Int: Share] = [:]

  /// The use by one process.
  struct Share: Equatable, Sendable {
    /// Processors used since the last look; nil at the first.
    var busy: Double?
    /// In bytes, shared memory included.
    let memory: Int
  }
}

/// Observes the machine; counters that run since its start are turned into differences.
struct SystemWatch {
  private var before: Look?

  private struct Look {
    let counts: ProcessorCounts
    let ranks: [Int: ProcFS.Process]
  }

  /// The longest interval whose mean still describes the present.
  private static let longestSeconds = 15.0

  /// The current use; nil if the kernel does not tell.
  ///
  /// - Parameters:
  /// - status: The status of a launcher that answered on this machine. Only its child processes count.
  /// - text: Returns the content of one of the kernel's files.
  mutating func look(for status: RunStatus, _ text: (String) -> String? = ProcFS.text) -> SystemUse? {
    guard let counts = text("/proc/stat").flatMap(ProcessorCounts.init) else { return nil }
    let processes = status.ranks.compactMap { rank -> (Int, ProcFS.Process)? in
      guard let pid = rank.pid, let process = text("/proc/\(pid)/stat").flatMap(ProcFS.Process.init(stat:)),
        process.parent == status.launcher, !process.hasEnded
      else { return nil }
      return (rank.rank, process)
    }
    let look = Look(counts: counts, ranks: Dictionary(processes) { first, _ in first })
    defer { before = look }
    var use = use(look)
    if let memory = text("/proc/meminfo"), let total = ProcFS.number(after: "MemTotal:", in: memory),
      let available = ProcFS.number(after: "MemAvailable:", in: memory)
    {
      (use.memory, use.memoryTaken) = (total << 10, (total - available) << 10)
    }
    return use
  }

  private func use(_ look: Look) -> SystemUse {
    let counts = look.counts
    let earlier = before.flatMap { before in
      let seconds = Double(counts.all &- before.counts.all) / ticksASecond / Double(counts.processors)
      return counts.all > before.counts.all && seconds < Self.longestSeconds ? before : nil
    }
    /// Converts ticks since the last look to a number of processors.
    func processors(_ ticks: UInt64) -> Double? {
      earlier.map { Double(ticks) / Double(counts.all - $0.counts.all) * Double(counts.processors) }
    }
    var use = SystemUse(processors: counts.processors)
    use.busy = earlier.flatMap { processors(counts.busy > $0.counts.busy ? counts.busy - $0.counts.busy : 0) }
    for (rank, process) in look.ranks {
      let was = earlier?.ranks[rank].flatMap { $0.start == process.start ? $0 : nil }
      let ticks = was.flatMap { process.ticks >= $0.ticks ? process.ticks - $0.ticks : nil }
      use.ranks[rank] = SystemUse.Share(
        busy: ticks.flatMap(processors), memory: process.residentPages * sysconf(Int32(_SC_PAGESIZE)))
    }
    return use
  }

  private var ticksASecond: Double { Double(sysconf(Int32(_SC_CLK_TCK))) }
}

/// The first lines of /proc/stat: ticks of all processors since boot.
private struct ProcessorCounts {
  let all: UInt64
  let busy: UInt64
  let processors: Int

  /// Nil for any other text.
  init?(_ text: String) {
    let lines = text.split(separator: "\n").prefix { $0.hasPrefix("cpu") }
    // user nice system idle iowait irq softirq steal; the fields after these are included in them.
    let ticks = (lines.first ?? "").split(separator: " ").dropFirst().prefix(8).compactMap { UInt64($0) }
    guard ticks.count == 8, lines.count > 1 else { return nil }
    all = ticks.reduce(0, &+)
    busy = all &- ticks[3] &- ticks[4]
    processors = lines.count - 1
  }
}
