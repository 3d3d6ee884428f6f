import Foundation

/// What this process occupies in memory.
enum ProcessMemory {
  /// The most resident memory it ever had, in MB of 2²⁰ bytes; 0 where the system does not say.
  ///
  /// From /proc rather than `getrusage`, which would count what the parent had before exec.
  static var peakMegabytes: Double {
    guard let status = try? String(contentsOfFile: "/proc/self/status", encoding: .utf8),
      let line = status.split(separator: "\n").first(where: { $0.hasPrefix("VmHWM:") }),
      let kilobytes = line.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap({ Double($0) })
    else { return 0 }
    return kilobytes / 1024
  }
}
