import Foundation
import System
import Torch

/// What this process occupies in memory.
enum ProcessMemory {
  /// The most that it ever had of its device, as the reference has it: of a card, or of this host's memory on the CPU and
  /// where a card does not count; in MB of 2²⁰ bytes.
  static func peakMegabytes(on device: Device) -> Double {
    device.peakBytes.map { Double($0) / 1_048_576 } ?? peakMegabytes
  }

  /// The most resident memory it ever had, in MB of 2²⁰ bytes; 0 where the system does not say.
  ///
  /// From /proc rather than `getrusage`, which would count what the parent had before exec.
  static var peakMegabytes: Double {
    let kilobytes = ProcFS.text("/proc/self/status").flatMap { ProcFS.number(after: "VmHWM:", in: $0) }
    return Double(kilobytes ?? 0) / 1024
  }
}
