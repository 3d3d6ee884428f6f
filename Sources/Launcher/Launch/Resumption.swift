import Checkpoint
import Flags
import FoundationEssentials
import Glibc
import RunControl
import System
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
  /// Whether that could be told.
  private let wasListed: Bool
  /// How long the files were that workers add lines to.
  private let lengths: [String: Int]
  /// The folder of curves, to which each attempt adds a file, and those that were there.
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

  /// Whether a checkpoint is there that was not when this run began, or was written anew since, or may be: where the folder
  /// cannot be listed any more, the next attempt finds out, and to begin anew would throw away what the run has learnt.
  var hasNewCheckpoint: Bool {
    guard Self.isListed(folder) else { return wasListed }
    return Self.checkpoints(in: folder).contains { earlier[$0.key] != $0.value }
  }

  /// The newest checkpoint that is there, by its name; nil where there is none.
  var newest: CheckpointName? { CheckpointStore(folder: folder).names.last }

  /// Whether this run could go on from something here: what it has saved itself, or what it was told to go on from.
  func isOffered(to task: WorkerTask) -> Bool {
    hasNewCheckpoint || task.goesOnAnyway && !Self.checkpoints(in: folder).isEmpty
  }

  /// Takes back the lines and curves of attempts that came to nothing: one that starts where the first one did writes them again.
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

/// How far a run has come: its newest finished step that was recorded.
struct Progress: Equatable, Sendable, Decodable {
  let epoch: Int
  /// Counted from the start of the run, over all epochs.
  let step: Int
}

/// Reads the progress of a run from the last line of `train.jsonl`, which rank 0 adds to.
///
/// Only lines count that were added since this value was made, as each attempt makes one: a file of an earlier attempt is gone on with. An attempt
/// that resumes replaces the file by one that ends where it goes on from, even where nothing is to be cut; that one counts
/// as a whole. So an attempt that died before it had resumed shows nothing, and one that died before its first step
/// always shows the place from which it went on.
struct ProgressFile: Sendable {
  let path: String
  private let known: stat?

  init(path: String) {
    self.path = path
    known = Self.status(of: path)
  }

  /// The newest step of this attempt, or the one that it goes on from; nil before its first.
  var newest: Progress? {
    guard let line = lastLine else { return nil }
    return try? JSONDecoder().decode(Progress.self, from: Data(line))
  }
}

extension ProgressFile {
  /// More than one line of the file has.
  private static let longestLine: Int64 = 4096

  private static func status(of path: String) -> stat? {
    var status = stat()
    return stat(path, &status) == 0 ? status : nil
  }

  /// Where this attempt's lines begin in the file that is there now.
  private func start(in file: stat) -> Int64 {
    file.st_ino == known?.st_ino ? Int64(known?.st_size ?? 0) : 0
  }

  /// The last whole line, without its newline.
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
