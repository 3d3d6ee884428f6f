import Foundation
import System
import Torch

/// The memory use of this process.
enum ProcessMemory {
  /// The peak memory of its device, as in the reference: the card's, or this process's on the CPU and if the
  /// card does not count; in MB of 2²⁰ bytes.
  static func peakMegabytes(on device: Device) -> Double {
    device.peakBytes.map { Double($0) / 1_048_576 } ?? peakMegabytes
  }

  /// The peak resident memory, in MB of 2²⁰ bytes; 0 if unknown.
  ///
  /// From /proc instead of `getrusage`, which would include the parent's memory before exec.
  static var peakMegabytes: Double {
    let kilobytes = ProcFS.text("/proc/self/status").flatMap { ProcFS.number(after: "VmHWM:", in: $0) }
    return Double(kilobytes ?? 0) / 1024
  }
}
