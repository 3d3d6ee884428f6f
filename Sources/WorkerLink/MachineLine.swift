import System

/// The line that describes the hardware: a worker prints it when it checks a start, and the launcher stores
/// it with the run.
public enum MachineLine {
  private static let start = "Machine: "

  /// Makes the line from what is known.
  ///
  /// - Parameters:
  /// - processor: The kernel's name for the processor; nil if unknown.
  /// - kernels: The instruction set of the block kernels; nil if they do not run.
  /// - isDeterministic: Whether a card was restricted to deterministic operations.
  public static func text(
    processor: String?, count: Int, libtorch: String, kernels: String?, device: String,
    isDeterministic: Bool = false
  ) -> String {
    let processors = counted(count, "processor") + (processor.map { " (\($0))" } ?? "")
    return start
      + "\(processors), computing on \(device)\(isDeterministic ? ", deterministically" : ""); libtorch \(libtorch), "
      + (kernels.map { "kernels for \($0)" } ?? "no kernels of ours")
  }

  /// The line's content in a worker's output; nil if it is not there.
  public static func content(in output: String) -> String? {
    output.split(separator: "\n").last { $0.hasPrefix(start) }.map { String($0.dropFirst(start.count)) }
  }
}
