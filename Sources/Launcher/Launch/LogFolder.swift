import FoundationEssentials
import Glibc
import WorkerLink

/// The logs of one launcher: `logs/attempt-N/rank-R.log`. What earlier launchers left lies in `logs.1` (the newest) to `logs.4`.
struct LogFolder: Sendable {
  let path: String

  /// How many earlier launchers' logs are kept, and how many attempts of this one.
  static let keptLaunches = 4
  static let keptAttempts = 16

  /// Moves earlier logs out of the way; those that are too old go.
  init(in parent: String) {
    path = "\(parent)/\(RunLayout.logs)"
    guard access(path, F_OK) == 0 else { return }
    Self.remove("\(path).\(Self.keptLaunches)")
    for age in (1..<Self.keptLaunches).reversed() { rename("\(path).\(age)", "\(path).\(age + 1)") }
    rename(path, "\(path).1")
  }

  /// Makes the folder for an attempt; the oldest one goes, so that a run of months does not fill the disk.
  func make(attempt: Int) throws(LaunchError) {
    try RunLock.makeFolders(folder(attempt: attempt))
    if attempt >= Self.keptAttempts { Self.remove(folder(attempt: attempt - Self.keptAttempts)) }
  }

  func folder(attempt: Int) -> String { "\(path)/\(RunLayout.attempt(attempt))" }

  private static func remove(_ folder: String) {
    try? FileManager.default.removeItem(atPath: folder)
  }
}
