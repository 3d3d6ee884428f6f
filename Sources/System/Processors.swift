internal import CLinux

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
