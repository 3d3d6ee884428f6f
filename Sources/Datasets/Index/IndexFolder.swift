import Glibc
import System
public import SystemPackage

/// The folder in which a run keeps the indexes of its data set: the workers of a host share one in memory, and a start walks only through what
/// has changed.
///
/// Nothing depends on it. Where it cannot be written, or what lies there is not whole, every worker makes an index of its own.
public struct IndexFolder: Sendable {
  private let path: FilePath
  private let margin: Int
  private let isReadOnly: Bool

  /// The folder at `path`, which is made when it is needed; the one above it is not.
  ///
  /// - Parameter isReadOnly: Whether what lies there is used, and nothing is written.
  public init(_ path: FilePath, isReadOnly: Bool = false) {
    self.init(path, margin: Self.coarsestTick, isReadOnly: isReadOnly)
  }

  init(_ path: FilePath, margin: Int, isReadOnly: Bool = false) {
    (self.path, self.margin, self.isReadOnly) = (path, margin, isReadOnly)
  }

  /// Some file systems count the time in steps of two seconds.
  private static let coarsestTick = 2_000_000_000

  /// The index of the split in `root`: what lies here where that is still right, or else what `make` finds.
  ///
  /// One process makes it, while others wait for it.
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

  /// Keeps an index that was made while there was no place for it.
  func keep(_ index: SplitIndex, of root: FilePath) {
    guard index.sources.areSettled(margin: margin), makeFolder(), let place = Place(of: root, in: path) else {
      return
    }
    withLock { _ = place.current() ?? place.keep(index, margin) }
  }

  // While no other process of this host is in here, where the file system has locks.
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

  /// Where the index of one split lies.
  private struct Place {
    let root: FilePath
    let file: FilePath

    /// Nil for a folder that is not there.
    init?(of root: FilePath, in folder: FilePath) {
      guard let real = root.withPlatformString({ realpath($0, nil) }) else { return nil }
      defer { free(real) }
      self.root = FilePath(platformString: real)
      let name = self.root.lastComponent?.string ?? ""
      file = folder.appending("\(name)-\(String(fnv1a(self.root.bytes), radix: 16)).index")
    }

    /// Nil where there is none that is whole and says what would be found now.
    func current() -> SplitIndex? {
      guard let kept = IndexFile.read(file, of: root), kept.sources.areUnchanged(in: root) else { return nil }
      return kept
    }

    /// Writes an index, and gives it back as it lies in the file.
    ///
    /// Nil where it cannot be written, or is of folders so new that another change might not be seen.
    func keep(_ index: SplitIndex, _ margin: Int) -> SplitIndex? {
      guard index.sources.areSettled(margin: margin) else { return nil }
      do throws(DataError) { try IndexFile.write(index, of: root, to: file) } catch { return nil }
      return IndexFile.read(file, of: root)
    }
  }
}
