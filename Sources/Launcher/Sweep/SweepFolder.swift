import Checkpoint
import FoundationEssentials
import Glibc
import Output
import Recipe
import RunControl
import System
import SystemPackage
import WorkerLink

/// The folder of a sweep: its runs' folders and logs, the table so far, and a lock against a second sweep.
struct SweepFolder: ~Copyable {
  let path: String
  private let lock: FolderLock

  /// The names of the table's files and of the lock.
  private static let (document, table, lockName) = (RunLayout.sweep, "sweep.csv", "sweep.lock")

  /// Makes and locks the plan's folder; throws where another sweep has locked it.
  init(_ plan: SweepPlan) throws(LaunchError) {
    lock = try Self.lock(plan.output)
    path = plan.output
  }

  private static func lock(_ folder: String) throws(LaunchError) -> FolderLock {
    guard Folders.make(folder) else {
      throw LaunchError(
        "cannot write to \(folder): \(errorText(errno)). Name another folder: \"output\" in the sweep's file.",
        exitStatus: .inputOutput)
    }
    do throws(OutputError) {
      return try FolderLock(
        "\(folder)/\(lockName)", of: folder, owner: "pid \(getpid()), a sweep", movedBy: "\"output\"")
    } catch {
      throw LaunchError(error)
    }
  }

  /// Throws where an earlier sweep planned other runs in the folder.
  static func requireSame(_ plan: SweepPlan) throws(LaunchError) {
    guard let conflict = plan.conflict(with: planned(in: plan.output)) else { return }
    throw LaunchError(
      "\(masked(plan.output)) holds another sweep: \(masked(conflict)). Name another folder by \"output\" in the sweep's "
        + "file, or remove this one.", exitStatus: .badConfiguration)
  }

  /// Returns the flags of the runs that an earlier start planned, in the order of their numbers.
  private static func planned(in folder: String) -> [[String]] {
    SweepDocument(in: folder)?.runsInOrder.map(\.flags) ?? []
  }

  /// Writes the table, replacing the earlier one.
  borrowing func write(_ table: SweepTable) throws(LaunchError) {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    do {
      let text = String(decoding: try encoder.encode(table.document), as: UTF8.self)
      try AtomicFile.write(text + "\n", to: "\(path)/\(Self.document)")
      try AtomicFile.write(table.csv, to: "\(path)/\(Self.table)")
    } catch {
      throw LaunchError(
        "the sweep's table cannot be written: \(error). Make room, or remove what is in its place; the same command then "
          + "writes it", exitStatus: .inputOutput)
    }
  }

  /// Returns the path of the log of a run's launcher.
  static func log(of run: SweepRun) -> String { "\(run.output).log" }
}
