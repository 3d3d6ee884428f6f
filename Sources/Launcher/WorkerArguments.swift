/// The command line of the launcher, seen as the one that each worker gets.
enum WorkerArguments {
  /// Launch flags by their long names; each takes one value.
  static let launchFlags: Set = [
    "--nproc", "--nproc-per-node", "--run-id", "--run-dir", "--threads-per-worker", "--grace",
    "--transport", "--shm-size", "--ring-address", "--hang-timeout", "--max-restarts", "--restart-window",
  ]

  /// A flag without a value that the launcher heeds, once: a worker that is started again must not.
  static let overwrite = "--overwrite"

  /// Leaves out the launch flags with their values, and keeps the rest as it is.
  ///
  /// The arguments are those of a command line that has parsed, with the names of flags normalized.
  static func removingLaunchFlags(from arguments: [String]) -> [String] {
    removing(launchFlags, from: arguments).filter { $0 != overwrite }
  }

  /// Leaves out flags that take one value, with their values; a `--` goes too.
  static func removing(_ flags: Set<String>, from arguments: [String]) -> [String] {
    var kept: [String] = []
    var rest = arguments[...]
    while let argument = rest.popFirst(), argument != "--" {
      if flags.contains(argument) {
        rest = rest.dropFirst()
      } else if !isAmong(flags, argument) {
        kept.append(argument)
      }
    }
    return kept + rest
  }

  /// The value given to a flag, the last one where it is given twice.
  static func value(of flag: String, in arguments: [String]) -> String? {
    for (index, argument) in arguments.enumerated().reversed() {
      if argument.hasPrefix(flag + "=") { return String(argument.dropFirst(flag.count + 1)) }
      if argument == flag, index + 1 < arguments.count { return arguments[index + 1] }
    }
    return nil
  }

  /// Whether it is one of the flags with its value behind `=`.
  private static func isAmong(_ flags: Set<String>, _ argument: String) -> Bool {
    argument.firstIndex(of: "=").map { flags.contains(String(argument[..<$0])) } ?? false
  }
}
