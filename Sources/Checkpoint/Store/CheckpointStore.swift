import Glibc
import System

/// The checkpoints of a run: a folder with a folder for each, complete or not there at all.
///
/// A checkpoint is written under a temporary name, its manifest last, flushed to the disk, and renamed. So a crash or a
/// full disk, at any moment, leaves the earlier ones as they are. One process at a time may write to a store.
public struct CheckpointStore: Sendable {
  /// Where the checkpoints lie; made by the first save.
  public let folder: String
  /// The run that begins in the store, where several hosts have one each; one that is gone on with keeps its own.
  public var lineage: String?
  var disk = FileSystem()

  /// What a run's output folder calls the folder of its checkpoints.
  private static let name = "checkpoints"

  /// The store in a folder, which need not exist yet.
  public init(folder: String) {
    self.folder = folder
  }

  /// The checkpoints of the run with this output folder.
  public init(ofRunIn output: String) {
    self.init(folder: "\(output)/\(Self.name)")
  }

  /// The store that a user means by a run's output folder or by the folder of its checkpoints; nil for any other path.
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

  /// The output folder of the run; nil where the checkpoints lie by themselves.
  public var outputFolder: String? {
    let (output, name) = FileSystem.split(folder)
    return name == Self.name ? output : nil
  }

  /// The newest checkpoint that is whole, and why newer ones were passed over.
  public struct Search {
    /// Nil where no checkpoint is whole.
    public let checkpoint: VerifiedCheckpoint?
    /// What is wrong with those that were not used, naming the folder and the tensor.
    public let refused: [CheckpointError]
  }

  /// Looks for the newest checkpoint whose every byte is as it was written and that `check` accepts, and opens it.
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

  /// The state of the newest checkpoint in which it is as it was written, and that checkpoint's folder; tensors are not
  /// looked at.
  public func newestState<State: Decodable>(_ type: State.Type) -> (state: State, folder: String)? {
    for entry in list().readable {
      let folder = path(of: entry.name)
      if let state = try? VerifiedCheckpoint.state(type, in: folder) { return (state, folder) }
    }
    return nil
  }

  /// Whether a finished checkpoint of that name is there; its bytes are not looked at.
  public func holds(_ name: CheckpointName) -> Bool { (try? Manifest(in: path(of: "\(name)"))) != nil }

  /// The places of a run that have checkpoints, whole or not, the furthest last.
  public var names: [CheckpointName] { folders.map(\.place) }

  /// Throws where something is there that cannot be listed: it may hold checkpoints, and is not to be taken for none.
  public func requireListing() throws(CheckpointError) { _ = try disk.listing(of: folder) }

  /// Whether anything lies there that may be a checkpoint, beside what others put there, as `lost+found`.
  public var isBegun: Bool { disk.names(in: folder).contains { $0.hasPrefix("epoch-") } }

  /// Removes the oldest checkpoints beyond `count`, but never the newest one that is whole, nor the newest of those
  /// that were saved as the best.
  ///
  /// Folders that have no readable manifest are left alone, and so is everything where nothing is whole.
  public func prune(keeping count: Int) throws(CheckpointError) {
    guard let newest = newestVerified().checkpoint else { return }
    if let failure = prune(keeping: count, sparing: newest.name).failure { throw failure }
  }

  /// Removes every checkpoint with what is in it, and what dead writers left; the folder too, where it is empty then.
  public func removeAll() throws(CheckpointError) {
    // The first ones first: what a crash leaves is where the run was.
    for checkpoint in folders { try remove(checkpoint.name) }
    try disk.removeLeftovers(in: folder)
    rmdir(folder)
  }
}

extension CheckpointStore {
  /// A checkpoint as its manifest describes it, not verified.
  struct Entry {
    let name: String
    let sequence: Int
    let isBest: Bool
    let lineage: String?
    /// Bytes of its files.
    let byteCount: Int

    /// By the time of saving, and by the run's progress where that does not tell.
    static func isNewer(_ one: Entry, _ other: Entry) -> Bool {
      guard one.sequence == other.sequence else { return one.sequence > other.sequence }
      return CheckpointStore.isFurther(one.name, other.name)
    }
  }

  /// The checkpoints, newest first, and what is wrong with folders that cannot be one.
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

  /// Whether a name stands for a later place of the run; names that stand for none come last.
  static func isFurther(_ name: String, _ other: String) -> Bool {
    switch (CheckpointName(name), CheckpointName(other)) {
    case (let one?, let two?) where one != two: one > two
    case (_?, nil): true
    case (nil, _?): false
    default: name > other
    }
  }

  /// Bytes of all its checkpoints.
  public var byteCount: Int { list().readable.reduce(0) { $0 + $1.byteCount } }

  func path(of name: String) -> String {
    "\(folder)/\(name)"
  }

  func temporaryPath(of name: String) -> String {
    path(of: TemporaryName.own.temporaryName(for: name))
  }

  /// Removes what is beyond `count`, unless no checkpoint is whole or that would not make room for so many bytes; what
  /// it removed.
  func makeRoom(for byteCount: Int, keeping count: Int) -> [String] {
    guard let newest = newestVerified().checkpoint else { return [] }
    // Each is a petabyte at most, but nobody counts the folders.
    let gain = superfluous(keeping: count, sparing: newest.name).reduce(0.0) { $0 + Double($1.byteCount) }
    if let free = FileSystemSpace(around: folder)?.free, Double(free) + gain < Double(byteCount) { return [] }
    return prune(keeping: count, sparing: newest.name).removed
  }

  /// Removes as many as it can, the oldest first; `verified` names one that was read back and found whole.
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

  /// The oldest first.
  private func superfluous(keeping count: Int, sparing verified: String) -> [Entry] {
    let entries = list().readable
    let best = entries.first(where: \.isBest)?.name
    return entries.dropFirst(max(1, count)).reversed().filter { $0.name != verified && $0.name != best }
  }

  private var folders: [(name: String, place: CheckpointName)] {
    disk.names(in: folder).compactMap { name in CheckpointName(name).map { (name, $0) } }
      .sorted { $0.place < $1.place }
  }

  /// First out of sight for good, in one step, so that a half-removed folder never looks like a checkpoint.
  func remove(_ name: String) throws(CheckpointError) {
    try disk.rename(path(of: name), to: temporaryPath(of: name))
    try disk.syncFolder(folder)
    try disk.remove(temporaryPath(of: name))
  }
}
