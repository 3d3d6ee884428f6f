import Glibc
import System

/// The checkpoints of a run: a folder with one folder for each, which is complete or does not exist.
///
/// A checkpoint is written under a temporary name, its manifest last, flushed to the disk, and renamed. So a
/// crash or a full disk, at any moment, leaves the earlier ones unchanged. Only one process at a time may
/// write to a store.
public struct CheckpointStore: Sendable {
  /// The folder of the checkpoints; the first save makes it.
  public let folder: String
  /// The name of a new run whose hosts each have a store; a run that continues keeps its checkpoints' name.
  public var lineage: String?
  var disk = FileSystem()

  /// The name of the checkpoints' folder in a run's output folder.
  private static let name = "checkpoints"

  /// Uses the store in a folder, which need not exist yet.
  public init(folder: String) {
    self.folder = folder
  }

  /// Uses the checkpoints of the run with this output folder.
  public init(ofRunIn output: String) {
    self.init(folder: "\(output)/\(Self.name)")
  }

  /// Finds the store that a user means by a run's output folder or by the checkpoints' folder; nil for any
  /// other path.
  public init?(naming path: String) {
    let disk = FileSystem()
    let path = path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
    guard !disk.exists("\(path)/\(Manifest.fileName)") else { return nil }
    if disk.exists("\(path)/\(Self.name)/.") {
      self.init(ofRunIn: path)
    } else if disk.exists("\(path)/."),
      FileSystem.split(path).name == Self.name
        || disk.names(in: path).contains(where: { CheckpointName($0) != nil })
    {
      self.init(folder: path)
    } else {
      return nil
    }
  }

  /// The output folder of the run; nil if the checkpoints' folder lies elsewhere.
  public var outputFolder: String? {
    let (output, name) = FileSystem.split(folder)
    return name == Self.name ? output : nil
  }

  /// The newest intact checkpoint, and why newer ones were rejected.
  public struct Search {
    /// Nil if no checkpoint is intact.
    public let checkpoint: VerifiedCheckpoint?
    /// The errors of the rejected checkpoints, naming folder and tensor.
    public let refused: [CheckpointError]
  }

  /// Opens the newest checkpoint that is intact, byte for byte, and that `check` accepts.
  public func newestVerified(
    accepting check: (VerifiedCheckpoint) throws(CheckpointError) -> Void = { _ in }
  ) -> Search {
    let (readable, unreadable) = list()
    var refused = unreadable
    for entry in readable {
      do throws(CheckpointError) {
        let checkpoint = try VerifiedCheckpoint(verifying: path(of: entry.name))
        try check(checkpoint)
        return Search(checkpoint: checkpoint, refused: refused)
      } catch {
        refused.append(error)
      }
    }
    return Search(checkpoint: nil, refused: refused)
  }

  /// The state of the newest checkpoint whose state is intact, with that checkpoint's folder; tensors are not
  /// examined.
  public func newestState<State: Decodable>(_ type: State.Type) -> (state: State, folder: String)? {
    for entry in list().readable {
      let folder = path(of: entry.name)
      if let state = try? VerifiedCheckpoint.state(type, in: folder) { return (state, folder) }
    }
    return nil
  }

  /// Whether a finished checkpoint of that name exists; its bytes are not examined.
  public func holds(_ name: CheckpointName) -> Bool { (try? Manifest(in: path(of: "\(name)"))) != nil }

  /// The names of the run's checkpoints, complete or not, in order of progress.
  public var names: [CheckpointName] { folders.map(\.place) }

  /// Throws if the folder exists but cannot be listed: it may contain checkpoints, so must not count as
  /// empty.
  public func requireListing() throws(CheckpointError) { _ = try disk.listing(of: folder) }

  /// Whether the folder contains anything that may be a checkpoint, as opposed to a `lost+found`.
  public var isBegun: Bool { disk.names(in: folder).contains { $0.hasPrefix("epoch-") } }

  /// Removes the oldest checkpoints beyond `count`, but never the newest intact one, nor the newest of those
  /// saved as the best.
  ///
  /// Folders without a readable manifest are left alone, and so is everything if nothing is intact.
  public func prune(keeping count: Int) throws(CheckpointError) {
    guard let newest = newestVerified().checkpoint else { return }
    if let failure = prune(keeping: count, sparing: newest.name).failure { throw failure }
  }

  /// Removes every checkpoint, and what dead writers left; also the folder if that leaves it empty.
  public func removeAll() throws(CheckpointError) {
    // In order of progress, so that a crash leaves the latest ones.
    for checkpoint in folders { try remove(checkpoint.name) }
    try disk.removeLeftovers(in: folder)
    rmdir(folder)
  }
}

extension CheckpointStore {
  /// A checkpoint as described by its manifest, not verified.
  struct Entry {
    let name: String
    let sequence: Int
    let isBest: Bool
    let lineage: String?
    /// The size of its files, in bytes.
    let byteCount: Int

    /// Orders by time of saving, and by the run's progress if that is equal.
    static func isNewer(_ one: Entry, _ other: Entry) -> Bool {
      guard one.sequence == other.sequence else { return one.sequence > other.sequence }
      return CheckpointStore.isFurther(one.name, other.name)
    }
  }

  /// The checkpoints, newest first, and the errors of folders that cannot be one.
  func list() -> (readable: [Entry], unreadable: [CheckpointError]) {
    var readable: [Entry] = []
    var unreadable: [CheckpointError] = []
    let names = disk.names(in: folder).filter { !$0.hasPrefix(".") }
    for name in names.sorted(by: Self.isFurther) {
      do throws(CheckpointError) {
        let manifest = try Manifest(in: path(of: name))
        readable.append(
          Entry(
            name: name, sequence: manifest.sequence, isBest: manifest.isBest ?? false,
            lineage: manifest.lineage,
            byteCount: manifest.files.reduce(0) { $0 + $1.size }))
      } catch {
        unreadable.append(error)
      }
    }
    return (readable.sorted(by: Entry.isNewer), unreadable)
  }

  /// Whether a name stands for a later place in the run; other names come last.
  static func isFurther(_ name: String, _ other: String) -> Bool {
    switch (CheckpointName(name), CheckpointName(other)) {
    case (let one?, let two?) where one != two: one > two
    case (_?, nil): true
    case (nil, _?): false
    default: name > other
    }
  }

  /// The size of all checkpoints, in bytes.
  public var byteCount: Int { list().readable.reduce(0) { $0 + $1.byteCount } }

  func path(of name: String) -> String {
    "\(folder)/\(name)"
  }

  func temporaryPath(of name: String) -> String {
    path(of: TemporaryName.own.temporaryName(for: name))
  }

  /// Removes checkpoints beyond `count`, unless none is intact or that would not free `byteCount` bytes;
  /// returns the removed names.
  func makeRoom(for byteCount: Int, keeping count: Int) -> [String] {
    guard let newest = newestVerified().checkpoint else { return [] }
    // Each checkpoint has at most a petabyte, but there may be any number of folders.
    let gain = superfluous(keeping: count, sparing: newest.name).reduce(0.0) { $0 + Double($1.byteCount) }
    if let free = FileSystemSpace(around: folder)?.free, Double(free) + gain < Double(byteCount) { return [] }
    return prune(keeping: count, sparing: newest.name).removed
  }

  /// Removes as many superfluous checkpoints as it can, the oldest first; `verified` names one that was found
  /// intact.
  func prune(keeping count: Int, sparing verified: String) -> (removed: [String], failure: CheckpointError?) {
    var removed: [String] = []
    do throws(CheckpointError) {
      for entry in superfluous(keeping: count, sparing: verified) {
        try remove(entry.name)
        removed.append(entry.name)
      }
    } catch {
      return (removed, error)
    }
    return (removed, nil)
  }

  /// The checkpoints to remove, oldest first.
  private func superfluous(keeping count: Int, sparing verified: String) -> [Entry] {
    let entries = list().readable
    let best = entries.first(where: \.isBest)?.name
    return entries.dropFirst(max(1, count)).reversed().filter { $0.name != verified && $0.name != best }
  }

  private var folders: [(name: String, place: CheckpointName)] {
    disk.names(in: folder).compactMap { name in CheckpointName(name).map { (name, $0) } }
      .sorted { $0.place < $1.place }
  }

  /// Renames the folder first, in one step, so that a half-removed folder never looks like a checkpoint.
  func remove(_ name: String) throws(CheckpointError) {
    try disk.rename(path(of: name), to: temporaryPath(of: name))
    try disk.syncFolder(folder)
    try disk.remove(temporaryPath(of: name))
  }
}
