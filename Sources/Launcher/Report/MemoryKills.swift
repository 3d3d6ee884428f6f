import System

/// Tells from the kernel's counters whether it killed processes for lack of memory since this value was made.
struct MemoryKills: Sendable {
  /// A file of counters, each line a name and a number.
  struct Source: Equatable, Codable, Sendable {
    let path: String
    /// Whether it counts only this control group instead of the whole machine.
    let isOfGroup: Bool
  }

  /// The number of kills, and the counter that shows them.
  struct Count: Equatable, Codable, Sendable {
    let number: Int
    let source: Source

    /// The likely cause of a death by SIGKILL, for a report.
    var cause: String {
      source.isOfGroup
        ? "the kernel killed it because memory ran out (oom_kill in \(source.path))"
        : "the kernel killed a process because memory ran out, likely this one (oom_kill in \(source.path))"
    }
  }

  private let source: Source?
  private let before: Int

  /// Reads the counter nearest to this process: its control group's, or else the machine's.
  init() {
    let found = Self.sources(groups: ProcFS.text("/proc/self/cgroup") ?? "").lazy
      .compactMap { source in Self.count(in: ProcFS.text(source.path) ?? "").map { (source, $0) } }.first
    source = found?.0
    before = found?.1 ?? 0
  }

  /// The kills since this value was made; nil where there were none, or no counter exists.
  var since: Count? {
    guard let source, let now = Self.count(in: ProcFS.text(source.path) ?? ""), now > before else {
      return nil
    }
    return Count(number: now - before, source: source)
  }
}

extension MemoryKills {
  /// Returns the files to try, nearest first, given the text of `/proc/self/cgroup`.
  ///
  /// A container sees its own control group at the root of the mounted hierarchy, whatever path the text
  /// names.
  static func sources(groups: String) -> [Source] {
    let groups = ControlGroups(membership: groups, text: ProcFS.text).innermost(of: "memory")
    let files = groups.flatMap { version, path in
      version == 2
        ? ["\(path)/memory.events", "/memory.events"]
        : ["/memory\(path)/memory.oom_control", "/memory/memory.oom_control"]
    }
    return files.map { Source(path: "/sys/fs/cgroup\($0)", isOfGroup: true) }
      + [Source(path: "/proc/vmstat", isOfGroup: false)]
  }

  /// The number after `oom_kill`; nil where there is none.
  static func count(in text: String) -> Int? {
    ProcFS.number(after: "oom_kill", in: text)
  }
}
