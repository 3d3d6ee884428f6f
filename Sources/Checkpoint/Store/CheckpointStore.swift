/// The checkpoints of a run: a folder with a folder for each, complete or not there at all.
///
/// A checkpoint is written under a temporary name, its manifest last, flushed to the disk, and renamed. So a crash or a
/// full disk, at any moment, leaves the earlier ones as they are. One process at a time may write to a store.
public struct CheckpointStore: Sendable {
  /// Where the checkpoints lie; made by the first save.
  public let folder: String
  var disk = Disk()

  /// The store in a folder, which need not exist yet.
  public init(folder: String) {
    self.folder = folder
  }

  /// The newest checkpoint that is whole, and why newer ones were passed over.
  public struct Search {
    /// Nil where no checkpoint is whole.
    public let checkpoint: StoredCheckpoint?
    /// What is wrong with those that were not used, naming the folder and the tensor.
    public let refused: [CheckpointError]
  }

  /// Whether a finished checkpoint of that name is there; its bytes are not looked at.
  public func holds(_ name: CheckpointName) -> Bool { (try? Manifest(in: path(of: "\(name)"))) != nil }

  /// Looks for the newest checkpoint whose every byte is as it was written and that `check` accepts, and opens it.
  public func newestVerified(
    accepting check: (StoredCheckpoint) throws(CheckpointError) -> Void = { _ in }
  ) -> Search {
    let (readable, unreadable) = list()
    var refused = unreadable
    for entry in readable {
      do throws(CheckpointError) {
        let checkpoint = try StoredCheckpoint(verifying: path(of: entry.name))
        try check(checkpoint)
        return Search(checkpoint: checkpoint, refused: refused)
      } catch {
        refused.append(error)
      }
    }
    return Search(checkpoint: nil, refused: refused)
  }
}

extension CheckpointStore {
  /// A checkpoint as its manifest describes it, not verified.
  struct Entry {
    let name: String
    let sequence: Int
    let isBest: Bool
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
            byteCount: manifest.files.reduce(0) { $0 + $1.size }))
      } catch {
        unreadable.append(error)
      }
    }
    return (readable.sorted(by: Entry.isNewer), unreadable)
  }

  /// Whether a name stands for a later place of the run; names that stand for none come last.
  private static func isFurther(_ name: String, _ other: String) -> Bool {
    switch (CheckpointName(name), CheckpointName(other)) {
    case (let one?, let two?) where one != two: one > two
    case (_?, nil): true
    case (nil, _?): false
    default: name > other
    }
  }

  func path(of name: String) -> String {
    "\(folder)/\(name)"
  }

  func temporaryPath(of name: String) -> String {
    path(of: WriterMark.own.temporaryName(for: name))
  }
}
