internal import CLinux

/// The control groups of a process, from the kernel's files.
///
/// A container may see its own group at the root of the file system, whatever path its membership names;
/// paths that do not exist are skipped.
public struct ControlGroups {
  /// The text of /proc/self/cgroup.
  let membership: String
  /// Returns the text of a small file; nil if it cannot be read.
  let text: (String) -> String?

  /// Parses the text of /proc/self/cgroup; `text` returns a file's content.
  public init(membership: String, text: @escaping (String) -> String?) {
    self.membership = membership
    self.text = text
  }

  /// The groups of this process.
  static var own: ControlGroups {
    ControlGroups(membership: ProcFS.text("/proc/self/cgroup") ?? "", text: ProcFS.text)
  }

  /// The folders of the groups in which a controller of either version counts this process, outermost first.
  func folders(of controller: String) -> [(version: Int, path: String)] {
    groups(of: controller).map { version, path in
      (version, "/sys/fs/cgroup" + (version == 2 ? "" : "/\(controller)") + path)
    }
  }

  /// The groups in which a controller of either version counts this process, outermost first, by their paths
  /// below the controller's root, which is "".
  public func groups(of controller: String) -> [(version: Int, path: String)] {
    innermost(of: controller).flatMap { version, path in ancestors(of: path).map { (version, $0) } }
  }

  /// The innermost groups only; the root's path is "".
  public func innermost(of controller: String) -> [(version: Int, path: String)] {
    membership.split(separator: "\n").compactMap { line in
      let fields = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
      guard fields.count == 3 else { return nil }
      let isSecond = fields[1].isEmpty
      guard isSecond || fields[1].split(separator: ",").contains(Substring(controller)) else { return nil }
      return (isSecond ? 2 : 1, fields[2] == "/" ? "" : String(fields[2]))
    }
  }

  /// "" and every prefix of a path, since limits on all of them apply.
  private func ancestors(of path: String) -> [String] {
    path.split(separator: "/").reduce(into: [""]) { $0.append("\($0[$0.count - 1])/\($1)") }
  }
}

extension String {
  /// The numbers in a line; words such as "max" are left out.
  var numbers: [Int] { split(whereSeparator: \.isWhitespace).compactMap { Int($0) } }
}

/// The processors that this process may use.
public enum Processors {
  /// The number of threads that can run at once, from the allowed processors and the control groups' quotas.
  ///
  /// A fraction of a processor counts as one: a thread that sometimes waits costs less than an idle
  /// processor.
  public static var usable: Int {
    quota(ControlGroups.own).map { min(all, max(1, Int($0.rounded(.up)))) } ?? all
  }

  /// The number of processors on which it may run, for however little of the time.
  public static var all: Int { max(1, Int(linux_usable_processors())) }

  /// Processor seconds per second that the tightest group allows; nil if there is no limit.
  static func quota(_ groups: ControlGroups) -> Double? {
    groups.folders(of: "cpu").compactMap { version, folder in
      if version == 2 { return groups.text("\(folder)/cpu.max").flatMap(quota) }
      let texts = ["quota", "period"].compactMap { groups.text("\(folder)/cpu.cfs_\($0)_us") }
      return quota(texts.joined(separator: " "))
    }.min()
  }

  /// Parses "QUOTA PERIOD" in microseconds, where "max" or -1 means no limit.
  private static func quota(_ text: String) -> Double? {
    let numbers = text.numbers
    guard numbers.count == 2, numbers[0] > 0, numbers[1] > 0 else { return nil }
    return Double(numbers[0]) / Double(numbers[1])
  }
}
