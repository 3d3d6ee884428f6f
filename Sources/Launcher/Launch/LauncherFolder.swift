import Checkpoint
import FoundationEssentials
import Glibc
import Output
import Recipe
import RunControl
import System
import SystemPackage
import WorkerLink

/// The launcher's own folder of a run, with its logs, and the lock that keeps a second launcher out.
struct RunLock: ~Copyable {
  let path: String
  /// Nil where the lock on the output folder serves for this folder too.
  private let lock: FolderLock?

  /// Makes the folder and locks it until the launcher ends.
  ///
  /// - Parameter plan: The run's hosts; the folder of a host other than the first is named by its number, and
  ///   another holder of its lock means that two launchers were given that number.
  init(
    path: String, owner: String, besides possession: Possession?, of plan: HostPlan?
  ) throws(LaunchError) {
    try Self.makeFolders(path)
    lock = try Self.lock(path, owner, possession, plan)
    self.path = path
  }

  private static func lock(
    _ folder: String, _ owner: String, _ possession: Possession?, _ plan: HostPlan?
  ) throws(LaunchError) -> FolderLock? {
    let path = "\(folder)/\(RunLayout.launcherLock)"
    if possession?.isLock(path) == true { return nil }
    do throws(OutputError) {
      return try FolderLock(path, of: folder, owner: owner, movedBy: "--run-dir")
    } catch {
      guard let plan, plan.host > 0, let holder = FolderLock.holder(path) else { throw LaunchError(error) }
      throw LaunchError(
        "another launcher is host \(plan.host) already (\(masked(holder)), in \(masked(folder))): likely both were told "
          + "so by \(plan.source). Give each host a number of its own, or end that launcher.",
        exitStatus: .badConfiguration)
    }
  }
}

extension RunLock {
  /// Makes a folder and those above it.
  static func makeFolders(_ path: String) throws(LaunchError) {
    guard !Folders.make(path) else { return }
    throw LaunchError(
      "cannot write to \(path): \(errorText(errno)). Choose another folder with --run-dir.",
      exitStatus: .inputOutput)
  }
}

/// The logs of one launcher, `logs/attempt-N/rank-R.log`. Those of earlier launchers are kept in `logs.1`
/// (the newest) to `logs.4`.
struct LogFolder: Sendable {
  let path: String
  /// The launcher's own folder, in which `logs` lies.
  let launcher: String

  /// How many earlier launchers' logs are kept, and the logs of how many attempts of this one.
  static let keptLaunches = 4
  static let keptAttempts = 16

  /// Renames earlier logs and removes those that are too old.
  init(in parent: String) {
    (path, launcher) = ("\(parent)/\(RunLayout.logs)", parent)
    guard access(path, F_OK) == 0 else { return }
    Self.remove("\(path).\(Self.keptLaunches)")
    for age in (1..<Self.keptLaunches).reversed() { rename("\(path).\(age)", "\(path).\(age + 1)") }
    rename(path, "\(path).1")
  }

  /// Makes the folder of an attempt and removes the oldest one, so that a run of months does not fill the
  /// disk.
  func make(attempt: Int) throws(LaunchError) {
    try RunLock.makeFolders(folder(attempt: attempt))
    if attempt >= Self.keptAttempts { Self.remove(folder(attempt: attempt - Self.keptAttempts)) }
  }

  func folder(attempt: Int) -> String { "\(path)/\(RunLayout.attempt(attempt))" }

  private static func remove(_ folder: String) {
    try? FileManager.default.removeItem(atPath: folder)
  }
}
