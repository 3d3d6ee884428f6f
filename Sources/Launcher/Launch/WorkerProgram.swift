import FoundationEssentials
import Glibc
import Recipe

/// Finds the program that the launcher starts for each rank.
enum WorkerProgram {
  /// $TWINS_WORKER, or else the `twins-worker` that lies beside the launcher's own executable.
  static func locate(environment: [String: String]) throws(LaunchError) -> String {
    let path = environment["TWINS_WORKER"] ?? besideLauncher()
    guard access(path, X_OK) == 0 else { throw notRunnable(path, reason: errorText(errno)) }
    return path
  }

  /// The launcher's own executable.
  static var launcher: String {
    (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? "./twins-launch"
  }

  private static func besideLauncher() -> String {
    let folder = launcher.split(separator: "/", omittingEmptySubsequences: false).dropLast()
    return (folder + ["twins-worker"]).joined(separator: "/")
  }

  private static func notRunnable(_ path: String, reason: String) -> LaunchError {
    LaunchError(
      "cannot run the worker program \(path): \(reason). "
        + "Build it with `swift build --product twins-worker`, or set TWINS_WORKER to its path.",
      exitStatus: .badConfiguration)
  }
}
