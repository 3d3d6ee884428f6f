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

  /// Looks for the newest checkpoint whose every byte is as it was written, and opens it.
  public func newestVerified() -> Search {
    let (readable, unreadable) = list()
    var refused = unreadable
    for entry in readable {
      do throws(CheckpointError) {
        let checkpoint = try StoredCheckpoint(verifying: path(of: entry.name))
        return Search(checkpoint: checkpoint, refused: refused)
      } catch {
        refused.append(error)
      }
    }
    return Search(checkpoint: nil, refused: refused)
  }

  /// Removes the oldest checkpoints beyond `count`, but never the newest one that is whole.
  ///
  /// Folders that have no readable manifest are left alone, and so is everything where nothing is whole.
  public func prune(keeping count: Int) throws(CheckpointError) {
    guard let newest = newestVerified().checkpoint else { return }
    let superfluous = list().readable.dropFirst(max(1, count)).map(\.name).filter { $0 != newest.name }
    for name in superfluous { try remove(name) }
  }
}

extension CheckpointStore {
  /// A checkpoint as its manifest describes it, not verified.
  struct Entry {
    let name: String
    let sequence: Int
  }

  /// The checkpoints, newest first, and what is wrong with folders that cannot be one.
  func list() -> (readable: [Entry], unreadable: [CheckpointError]) {
    var readable: [Entry] = []
    var unreadable: [CheckpointError] = []
    for name in disk.names(in: folder) where !name.hasPrefix(".") {
      do throws(CheckpointError) {
        readable.append(Entry(name: name, sequence: try Manifest(in: path(of: name)).sequence))
      } catch {
        unreadable.append(error)
      }
    }
    return (readable.sorted { $0.sequence > $1.sequence }, unreadable)
  }

  func path(of name: String) -> String {
    "\(folder)/\(name)"
  }

  func temporaryPath(of name: String) -> String {
    path(of: WriterMark.own.temporaryName(for: name))
  }

  /// First out of sight, in one step, so that a half-removed folder never looks like a checkpoint.
  private func remove(_ name: String) throws(CheckpointError) {
    try disk.rename(path(of: name), to: temporaryPath(of: name))
    try disk.remove(temporaryPath(of: name))
  }
}
