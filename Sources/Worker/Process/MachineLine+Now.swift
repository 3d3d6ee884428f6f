import System
import Torch
import WorkerLink

extension MachineLine {
  /// The line of this machine with a device.
  static func text(computingOn device: Device, isDeterministic: Bool) -> String {
    let names = (ProcFS.text("/proc/cpuinfo") ?? "").split(separator: "\n").filter {
      $0.hasPrefix("model name")
    }
    let processor = names.first?.split(separator: ":", maxSplits: 1).last
    return text(
      processor: processor.map { masked(String($0.drop { $0 == " " })) }, count: Processors.usable,
      libtorch: Runtime.version, kernels: Runtime.kernels, device: "\(device)",
      isDeterministic: isDeterministic && device != .cpu)
  }
}
