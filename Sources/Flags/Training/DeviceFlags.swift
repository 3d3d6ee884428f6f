public import ArgumentParser
import System

/// Flags of the device, the same for training, evaluation, prediction and measurement.
public struct DeviceFlags: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Where to compute; gpu and gp mean cuda. (default: npu or cuda if there is one for every worker)",
      valueName: "kind"))
  package var device: DeviceChoice?

  @Option(
    help: ArgumentHelp(
      "Library that registers a device with libtorch, as Ascend's libtorch_npu.so does; opened first; --device npu is "
        + "what it registers.", valueName: "file"),
    transform: withHomeFolder)
  package var deviceLibrary: String?

  @Flag(
    help: ArgumentHelp(
      "Take such operations of a card's alone as come to the same bits each time, and refuse what has none; slower. On the "
        + "CPU a run always comes to the same bits."))
  package var deterministic = false

  /// Makes flags as before parsing.
  public init() {}

  /// These flags as command-line arguments.
  var arguments: [String] {
    (device.map { ["--device", $0.rawValue] } ?? []) + (deviceLibrary.map { ["--device-library", $0] } ?? [])
      + (deterministic ? ["--deterministic"] : [])
  }
}

/// The values of `--device`, with the reference's names.
package enum DeviceChoice: String, ExpressibleByArgument, CaseIterable, Codable, Sendable {
  case cpu, cuda, gpu, gp, npu
}

/// Who sums gradients that lie on cards.
package enum SumBy: String, ExpressibleByArgument, CaseIterable, Codable, Sendable {
  case engine, workers
}
