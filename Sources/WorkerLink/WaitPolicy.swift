import Glibc

/// How the threads of an operation wait for each other: asleep after some microseconds, since spinning
/// threads take cores from other processes.
///
/// On a fully loaded machine, spinning makes a step several times as long. On an idle machine, sleeping at
/// once makes a step 5% longer; spinning a thousand times first costs nothing.
public enum WaitPolicy {
  /// The variables that OpenMP reads when it is loaded at the program's start.
  public static let variables = ["OMP_WAIT_POLICY": "passive", "GOMP_SPINCOUNT": "1000"]

  /// Restarts this program with these variables; returns if the environment already has one of them, or if
  /// that fails.
  public static func restart(_ environment: [String: String]) {
    guard variables.keys.allSatisfy({ environment[$0] == nil }) else { return }
    // The real path, since the system names the process after the path that is executed.
    guard let program = realpath("/proc/self/exe", nil) else { return }
    defer { free(program) }
    for (name, value) in variables { setenv(name, value, 0) }
    execv(program, CommandLine.unsafeArgv)
  }
}
