import Glibc
import System
public import SystemPackage

/// The folder in which a run stores the indexes of its data set: the workers of a host share one in memory,
/// and a start walks only what has changed.
///
/// It is only a cache: if it cannot be written, or its content is damaged, every worker makes its own index.
public struct IndexFolder: Sendable {
  private let path: FilePath
  private let margin: Int
  private let isReadOnly: Bool

  /// Uses the folder at `path`, which is made when needed if its parent exists.
  ///
  /// - Parameter isReadOnly: Whether to use what is there and write nothing.
  public init(_ path: FilePath, isReadOnly: Bool = false) {
    self.init(path, margin: Self.coarsestTick, isReadOnly: isReadOnly)
  }

  init(_ path: FilePath, margin: Int, isReadOnly: Bool = false) {
    (self.path, self.margin, self.isReadOnly) = (path, margin, isReadOnly)
  }

  /// In nanoseconds: some file systems store times in steps of two seconds.
  private static let coarsestTick = 2_000_000_000

  /// Returns the index of the split in `root`: the stored one if it is still valid, otherwise the result of
  /// `make`.
  ///
  /// One process makes it, while others wait.
  func index(
    of root: FilePath, _ make: () throws(DataError) -> SplitIndex
  ) throws(DataError) -> SplitIndex {
    guard let place = Place(of: root, in: path) else { return try make() }
    if let kept = place.current() { return kept }
    guard makeFolder() else { return try make() }
    return try withLock { () throws(DataError) in
      if let kept = place.current() { return kept }
      let made = try make()
      return place.keep(made, margin) ?? made
    }
  }

  /// Stores an index that was made before the folder existed.
  func keep(_ index: SplitIndex, of root: FilePath) {
    guard index.sources.areSettled(margin: margin), makeFolder(), let place = Place(of: root, in: path) else {
      return
    }
    withLock { _ = place.current() ?? place.keep(index, margin) }
  }

  // Runs `work` while no other process of this host does, if the file system supports locks.
  private func withLock<Result, Failure: Error>(
    _ work: () throws(Failure) -> Result
  ) throws(Failure) -> Result {
    let opened = path.appending("lock").withPlatformString {
      open($0, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0o666)
    }
    // The lock ends with the descriptor, and so with the process.
    guard let file = Descriptor(opened) else { return try work() }
    while flock(file.number, LOCK_EX) != 0, errno == EINTR {}
    defer { flock(file.number, LOCK_UN) }
    return try work()
  }

  private func makeFolder() -> Bool {
    !isReadOnly && (path.withPlatformString { mkdir($0, 0o777) } == 0 || errno == EEXIST)
  }

  /// The file of one split's index.
  private struct Place {
    let root: FilePath
    let file: FilePath

    /// Nil for a folder that does not exist.
    init?(of root: FilePath, in folder: FilePath) {
      guard let real = root.withPlatformString({ realpath($0, nil) }) else { return nil }
      defer { free(real) }
      self.root = FilePath(platformString: real)
      let name = self.root.lastComponent?.string ?? ""
      file = folder.appending("\(name)-\(String(fnv1a(self.root.bytes), radix: 16)).index")
    }

    /// The stored index; nil unless it is complete and nothing has changed since.
    func current() -> SplitIndex? {
      guard let kept = IndexFile.read(file, of: root), kept.sources.areUnchanged(in: root) else { return nil }
      return kept
    }

    /// Writes an index and returns it as mapped from the file.
    ///
    /// Nil if it cannot be written, or if its folders changed so recently that another change could go
    /// unnoticed.
    func keep(_ index: SplitIndex, _ margin: Int) -> SplitIndex? {
      guard index.sources.areSettled(margin: margin) else { return nil }
      do throws(DataError) { try IndexFile.write(index, of: root, to: file) } catch { return nil }
      return IndexFile.read(file, of: root)
    }
  }
}
