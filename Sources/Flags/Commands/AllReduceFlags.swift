public import ArgumentParser
package import Recipe

/// The flags of `bench all-reduce`.
public struct AllReduceFlags: ParsableArguments {
  @Option(help: ArgumentHelp("Size of the buffer, in MB of 2²⁰ bytes.", valueName: "n"))
  package var megabytes = 96

  @Option(help: ArgumentHelp("Sums to time, after two to warm up.", valueName: "n"))
  package var repeats = 7

  @OptionGroup package var place: DeviceFlags

  @Option(help: ArgumentHelp("Who adds up what lies on cards, as in a training.", valueName: "who"))
  package var sumBy: SumBy?

  @Option(
    help: ArgumentHelp(
      "What sums are rounded to on their way over ipc or tcp, or to other hosts, as in a training.",
      valueName: "type"))
  package var gradientWire: Recipe.Precision.GradientType?

  @Flag(help: "Print one JSON object.")
  package var json = false

  /// Makes flags as before parsing.
  public init() {}

  /// Rejects values out of range.
  public func validate() throws {
    do {
      try require(megabytes, "--megabytes", in: 1...65_536)
      try require(repeats, "--repeats", in: 1...1_000_000)
    } catch {
      throw ValidationError(error.description)
    }
  }

  /// These flags as command-line arguments.
  package var arguments: [String] {
    ["--megabytes", "\(megabytes)", "--repeats", "\(repeats)"] + place.arguments
      + (sumBy.map { ["--sum-by", $0.rawValue] } ?? [])
      + (gradientWire.map { ["--gradient-wire", $0.rawValue] } ?? []) + (json ? ["--json"] : [])
  }
}
