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
    var flags = FlagGroups(arguments)
    flags.remove(Set(launchFlags.union([overwrite]).map(FlagGroups.name(of:))))
    return flags.arguments
  }
}
