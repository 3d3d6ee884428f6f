internal import CLinux

/// The control groups that hold a process, as the kernel's files tell of them.
///
/// A container may see its own group at the root of the file system, under whatever path its membership names; what is not
/// there is passed over.
public struct ControlGroups {
  /// The text of /proc/self/cgroup.
  let membership: String
  /// The text of a small file, if it can be read.
  let text: (String) -> String?

  /// Groups that the text of /proc/self/cgroup names; `text` gives a file's content.
  public init(membership: String, text: @escaping (String) -> String?) {
    self.membership = membership
    self.text = text
  }

  /// Those of this process.
  static var own: ControlGroups {
    ControlGroups(membership: ProcFS.text("/proc/self/cgroup") ?? "", text: ProcFS.text)
  }

  /// The folders of the groups that a controller of either version counts this process in, outermost first.
  func folders(of controller: String) -> [(version: Int, path: String)] {
    groups(of: controller).map { version, path in
      (version, "/sys/fs/cgroup" + (version == 2 ? "" : "/\(controller)") + path)
    }
  }

  /// The groups that a controller of either version counts this process in, outermost first, by their paths below the
  /// controller's root, which is "".
  public func groups(of controller: String) -> [(version: Int, path: String)] {
    innermost(of: controller).flatMap { version, path in ancestors(of: path).map { (version, $0) } }
  }

  /// The groups themselves, without those around them; the path of the root is "".
  public func innermost(of controller: String) -> [(version: Int, path: String)] {
    membership.split(separator: "\n").compactMap { line in
      let fields = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
      guard fields.count == 3 else { return nil }
      let isSecond = fields[1].isEmpty
      guard isSecond || fields[1].split(separator: ",").contains(Substring(controller)) else { return nil }
      return (isSecond ? 2 : 1, fields[2] == "/" ? "" : String(fields[2]))
    }
  }

  /// "" and every part of a path: a limit on any of them holds.
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
  /// How many threads can run at once: the processors that it may run on, or what its control groups' quotas allow.
  ///
  /// Part of a processor counts as one: a thread that waits now and then costs less than a processor that idles.
  public static var usable: Int {
    quota(ControlGroups.own).map { min(all, max(1, Int($0.rounded(.up)))) } ?? all
  }

  /// How many processors it may run on, for however little of the time.
  public static var all: Int { max(1, Int(linux_usable_processors())) }

  /// Processor seconds a second that the tightest group allows; nil where none sets a limit.
  static func quota(_ groups: ControlGroups) -> Double? {
    groups.folders(of: "cpu").compactMap { version, folder in
      if version == 2 { return groups.text("\(folder)/cpu.max").flatMap(quota) }
      let texts = ["quota", "period"].compactMap { groups.text("\(folder)/cpu.cfs_\($0)_us") }
      return quota(texts.joined(separator: " "))
    }.min()
  }

  /// Of "QUOTA PERIOD" in microseconds, where no limit is "max" or -1.
  private static func quota(_ text: String) -> Double? {
    let numbers = text.numbers
    guard numbers.count == 2, numbers[0] > 0, numbers[1] > 0 else { return nil }
    return Double(numbers[0]) / Double(numbers[1])
  }
}
