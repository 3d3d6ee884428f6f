import System

/// What a run computes on, in a line that a worker prints as it checks a start, and the launcher keeps with the run.
public enum MachineLine {
  private static let start = "Machine: "

  /// The line, of what is known.
  ///
  /// - Parameters:
  ///   - processor: What the kernel calls it; nil where it does not say.
  ///   - kernels: The instruction set of the block's own kernels; nil where these do not run.
  ///   - isDeterministic: Whether a card was to come to the same bits each time.
  public static func text(
    processor: String?, count: Int, libtorch: String, kernels: String?, device: String,
    isDeterministic: Bool = false
  ) -> String {
    let processors = counted(count, "processor") + (processor.map { " (\($0))" } ?? "")
    return start
      + "\(processors), computing on \(device)\(isDeterministic ? ", deterministically" : ""); libtorch \(libtorch), "
      + (kernels.map { "kernels for \($0)" } ?? "no kernels of ours")
  }

  /// What the line says, of all that a worker has printed; nil where it is not among that.
  public static func content(in output: String) -> String? {
    output.split(separator: "\n").last { $0.hasPrefix(start) }.map { String($0.dropFirst(start.count)) }
  }
}
