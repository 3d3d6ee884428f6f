import Checkpoint
import Flags
import FoundationEssentials
import Glibc
import WorkerLink

/// What later attempts of a run are told to go on from.
///
/// Once this run has saved a checkpoint, its newest one: `--resume auto` takes the place of the --resume or --finetune
/// that the first attempt had, with its --use-ema. Before that they are started as the first one was; a checkpoint that lay in
/// the folder before is another run's, unless the user named it.
struct Resumption: Sendable {
  /// The folder of checkpoints.
  let folder: String
  private let earlier: [String: Mark]
  /// How long the files were that workers add lines to.
  private let lengths: [String: Int]

  init(output: String) {
    folder = CheckpointStore(ofRunIn: output).folder
    earlier = Self.checkpoints(in: folder)
    let logs = [RunLayout.steps, RunLayout.epochs].map { "\(output)/\($0)" }
    lengths = Dictionary(uniqueKeysWithValues: logs.map { ($0, Self.length(of: $0)) })
  }

  /// The task of the next attempt, given that of the first.
  func task(first: WorkerTask) -> WorkerTask {
    hasNewCheckpoint ? first.goingOn() : first
  }

  /// Which folder it is, whatever its name: another one may get the number in the file system of one that was removed,
  /// but not its time.
  private struct Mark: Equatable {
    let number: UInt64
    let seconds: Int
    let nanoseconds: Int

    init(_ status: stat) {
      number = UInt64(status.st_ino)
      (seconds, nanoseconds) = (status.st_mtim.tv_sec, status.st_mtim.tv_nsec)
    }
  }

  /// Whether a checkpoint is there that was not when this run began, or was written anew since.
  var hasNewCheckpoint: Bool {
    Self.checkpoints(in: folder).contains { earlier[$0.key] != $0.value }
  }

  /// Takes back the lines of attempts that came to nothing: one that starts where the first one did writes them again.
  func cutLogs() {
    guard !hasNewCheckpoint else { return }
    for (path, length) in lengths where Self.length(of: path) > length { truncate(path, off_t(length)) }
  }

  private static func length(of path: String) -> Int {
    var status = stat()
    return stat(path, &status) == 0 ? Int(status.st_size) : 0
  }

  /// The finished checkpoints.
  private static func checkpoints(in folder: String) -> [String: Mark] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    var found: [String: Mark] = [:]
    for name in names where !name.hasPrefix(".") {
      var status = stat()
      if stat("\(folder)/\(name)", &status) == 0 { found[name] = Mark(status) }
    }
    return found
  }
}
