import Glibc

/// How the threads of an operation wait for one another: asleep after some microseconds, since those that spin on take the
/// cores from whatever else runs.
///
/// On a full machine a step of threads that spin takes several times as long. On an idle one, threads that sleep at once
/// make a step five hundredths longer, and those that first look a thousand times for what they wait for, no longer.
public enum WaitPolicy {
  /// The variables that OpenMP reads when it is loaded, as the program begins.
  public static let variables = ["OMP_WAIT_POLICY": "passive", "GOMP_SPINCOUNT": "1000"]

  /// Starts this program once more with the variables, unless the environment has one of them; comes back where that is so,
  /// or cannot be done.
  public static func restart(_ environment: [String: String]) {
    guard variables.keys.allSatisfy({ environment[$0] == nil }) else { return }
    // By its own path, after which the system names the process.
    guard let program = realpath("/proc/self/exe", nil) else { return }
    defer { free(program) }
    for (name, value) in variables { setenv(name, value, 0) }
    execv(program, CommandLine.unsafeArgv)
  }
}
