import Foundation
import System

/// What this process occupies in memory.
enum ProcessMemory {
  /// The most resident memory it ever had, in MB of 2²⁰ bytes; 0 where the system does not say.
  ///
  /// From /proc rather than `getrusage`, which would count what the parent had before exec.
  static var peakMegabytes: Double {
    let kilobytes = ProcFS.text("/proc/self/status").flatMap { ProcFS.number(after: "VmHWM:", in: $0) }
    return Double(kilobytes ?? 0) / 1024
  }
}
