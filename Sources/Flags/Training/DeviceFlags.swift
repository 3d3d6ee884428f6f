public import ArgumentParser
import System

/// Where to compute: the same for training, evaluating, predicting and measuring.
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

  /// Flags as if none had been given, before parsing.
  public init() {}

  /// These flags as a command line has them.
  var arguments: [String] {
    (device.map { ["--device", $0.rawValue] } ?? []) + (deviceLibrary.map { ["--device-library", $0] } ?? [])
      + (deterministic ? ["--deterministic"] : [])
  }
}

/// `--device`: the words users of the reference type.
package enum DeviceChoice: String, ExpressibleByArgument, CaseIterable, Codable, Sendable {
  case cpu, cuda, gpu, gp, npu
}

/// Who adds up gradients that lie on cards.
package enum SumBy: String, ExpressibleByArgument, CaseIterable, Codable, Sendable {
  case engine, workers
}
