import Checkpoint
import Flags
import FoundationEssentials
import Glibc
import RunControl
import System
import WorkerLink

/// What later attempts of a run resume from.
///
/// Once this run has saved a checkpoint, they resume from its newest one: `--resume auto` replaces the first
/// attempt's --resume or --finetune, with its --use-ema. Before that they start as the first one did, since a
/// checkpoint that was already in the folder belongs to another run, unless the user named it.
struct Resumption: Sendable {
  /// The folder of checkpoints.
  let folder: String
  private let earlier: [String: Mark]
  /// Whether the folder could be listed.
  private let wasListed: Bool
  /// The lengths of the append-only logs when the run began.
  private let lengths: [String: Int]
  /// The folder of TensorBoard curves, to which each attempt adds a file, and the files that were there.
  private let curves: (folder: String, files: Set<String>)

  init(output: String) {
    folder = CheckpointStore(ofRunIn: output).folder
    earlier = Self.checkpoints(in: folder)
    wasListed = Self.isListed(folder)
    let logs = [RunLayout.steps, RunLayout.epochs, RunLayout.table].map { "\(output)/\($0)" }
    lengths = Dictionary(uniqueKeysWithValues: logs.map { ($0, Self.length(of: $0)) })
    let folder = "\(output)/\(RunLayout.events)"
    curves = (folder, Set(Folders.names(in: folder)))
  }

  /// Returns the task of the next attempt, given that of the first.
  func task(first: WorkerTask) -> WorkerTask {
    hasNewCheckpoint ? first.goingOn() : first
  }

  /// What identifies a checkpoint's folder. A file system may reuse the inode number of a removed folder, but
  /// not its time.
  private struct Mark: Equatable {
    let number: UInt64
    let seconds: Int
    let nanoseconds: Int

    init(_ status: stat) {
      number = UInt64(status.st_ino)
      (seconds, nanoseconds) = (status.st_mtim.tv_sec, status.st_mtim.tv_nsec)
    }
  }

  /// Whether a checkpoint is there that is new or was rewritten since this run began. True also where the
  /// folder cannot be listed any more: the next attempt finds out, and a fresh start would discard what the
  /// run has learnt.
  var hasNewCheckpoint: Bool {
    guard Self.isListed(folder) else { return wasListed }
    return Self.checkpoints(in: folder).contains { earlier[$0.key] != $0.value }
  }

  /// The newest checkpoint's name; nil where there is none.
  var newest: CheckpointName? { CheckpointStore(folder: folder).names.last }

  /// Whether the run could resume: from a checkpoint of its own, or, if it was told `--resume auto`, from any
  /// in its folder.
  func isOffered(to task: WorkerTask) -> Bool {
    hasNewCheckpoint || task.goesOnAnyway && !Self.checkpoints(in: folder).isEmpty
  }

  /// Truncates the logs and removes the curves that failed attempts wrote; an attempt that starts from the
  /// beginning writes them again.
  func cutLogs() {
    guard !hasNewCheckpoint else { return }
    for (path, length) in lengths where Self.length(of: path) > length { truncate(path, off_t(length)) }
    for name in Folders.names(in: curves.folder)
    where name.hasPrefix(RunLayout.eventFile) && !curves.files.contains(name) {
      unlink("\(curves.folder)/\(name)")
    }
  }

  private static func length(of path: String) -> Int {
    var status = stat()
    return stat(path, &status) == 0 ? Int(status.st_size) : 0
  }

  private static func isListed(_ folder: String) -> Bool {
    (try? CheckpointStore(folder: folder).requireListing()) != nil
  }

  /// Returns the complete checkpoints.
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

/// How far a run has come: the newest step in its log.
struct Progress: Equatable, Sendable, Decodable {
  let epoch: Int
  /// The step, counted from the start of the run over all epochs.
  let step: Int
}

/// Reads a run's progress from the last line of `train.jsonl`, to which rank 0 appends.
///
/// Only lines appended after this value was made count; each attempt makes its own, since the file of earlier
/// attempts is continued. An attempt that resumes replaces the file by one that ends at the step it resumes
/// from, even where nothing has to be cut, and that file counts as a whole. So an attempt that died before it
/// had resumed shows no progress, and one that died before its first step shows the step that it resumed
/// from.
struct ProgressFile: Sendable {
  let path: String
  private let known: stat?

  init(path: String) {
    self.path = path
    known = Self.status(of: path)
  }

  /// The newest step of this attempt, or the step that it resumed from; nil before that.
  var newest: Progress? {
    guard let line = lastLine else { return nil }
    return try? JSONDecoder().decode(Progress.self, from: Data(line))
  }
}

extension ProgressFile {
  /// More bytes than any line of the file has.
  private static let longestLine: Int64 = 4096

  private static func status(of path: String) -> stat? {
    var status = stat()
    return stat(path, &status) == 0 ? status : nil
  }

  /// Returns the offset at which this attempt's lines begin in the file.
  private func start(in file: stat) -> Int64 {
    file.st_ino == known?.st_ino ? Int64(known?.st_size ?? 0) : 0
  }

  /// The last complete line, without its newline.
  private var lastLine: ArraySlice<UInt8>? {
    guard let status = Self.status(of: path),
      case let (start, size) = (start(in: status), Int64(status.st_size)), size > start,
      let file = try? Descriptor(open(path, O_RDONLY | O_CLOEXEC), from: "open")
    else { return nil }
    let offset = max(start, size - Self.longestLine)
    var bytes = [UInt8](repeating: 0, count: Int(size - offset))
    let count = pread(file.number, &bytes, bytes.count, off_t(offset))
    guard let end = bytes.prefix(max(0, count)).lastIndex(of: newline) else { return nil }
    let before = bytes[..<end]
    return before[((before.lastIndex(of: newline) ?? -1) + 1)...]
  }
}
