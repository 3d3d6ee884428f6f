public import ArgumentParser
import Recipe

/// The sum that `bench all-reduce` times.
public struct AllReduceFlags: ParsableArguments {
  @Option(help: ArgumentHelp("Size of the buffer, in MB of 2²⁰ bytes.", valueName: "n"))
  package var megabytes = 96

  @Option(help: ArgumentHelp("Sums to time, after two to warm up.", valueName: "n"))
  package var repeats = 7

  @OptionGroup package var place: DeviceFlags

  @Option(help: ArgumentHelp("Who adds up what lies on cards, as in a training.", valueName: "who"))
  package var sumBy: SumBy?

  @Flag(help: "Print one JSON object.")
  package var json = false

  /// Flags as if none had been given, before parsing.
  public init() {}

  /// Refuses values out of range.
  public func validate() throws {
    do {
      try require(megabytes, "--megabytes", in: 1...65_536)
      try require(repeats, "--repeats", in: 1...1_000_000)
    } catch {
      throw ValidationError(error.description)
    }
  }

  /// These flags as a command line has them.
  package var arguments: [String] {
    ["--megabytes", "\(megabytes)", "--repeats", "\(repeats)"] + place.arguments
      + (sumBy.map { ["--sum-by", $0.rawValue] } ?? []) + (json ? ["--json"] : [])
  }
}
