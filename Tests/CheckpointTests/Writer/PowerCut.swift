import Foundation
import Glibc
import System

@testable import Checkpoint

/// A disk whose power fails at one call, with what a file system may lose then.
///
/// Bytes that were never flushed are torn or gone, names that were never flushed are undone or were lucky.
final class PowerCut: Sendable {
  /// What becomes of that which was not flushed.
  enum Loss: CaseIterable {
    /// All of it reached the disk all the same.
    case none
    /// Files lose their second half, and what is left of it holds other bytes.
    case torn
    /// Files are empty, new files have no name, renames did not happen.
    case all
  }

  fileprivate struct Log {
    var calls = 0
    /// Files by their number, as their names change while they are open to loss.
    var unflushedFiles: Set<ino_t> = []
    var unflushedNames: Set<ino_t> = []
    var unflushedFolders: Set<String> = []
    /// Second names, each of a file whose first name is safe.
    var unflushedLinks: Set<String> = []
    /// Renames since their folder was last flushed, to be undone from the last to the first.
    var renames: [(folder: String, undo: @Sendable () -> Void)] = []
    var isOff = false
  }

  private let log = Monitor(Log())
  private let last: Int
  private let shortWrites: Bool

  /// Calls from number `last` on do nothing, and that one is torn itself where it is a write.
  init(at last: Int, shortWrites: Bool = false) {
    self.last = last
    self.shortWrites = shortWrites
  }

  /// Whether the call was reached.
  var happened: Bool { log.withLock { $0.isOff } }

  var disk: FileSystem { FileSystem { self.answer($0) } }

  private func answer(_ call: FileSystem.Call) -> FileSystem.Answer {
    log.withLock { log in
      defer { log.calls += 1 }
      // Half of the last write arrives; whoever wrote then finds the power gone.
      if log.calls == last, call.operation == .write, call.byteCount > 1 {
        log.note(call)
        return .shorten(to: call.byteCount / 2)
      }
      guard log.calls < last else {
        log.isOff = true
        return .fail(EIO)
      }
      log.note(call)
      return shortWrites && call.byteCount > 3 ? .shorten(to: call.byteCount / 3) : .proceed
    }
  }

  /// Takes from the folder what was not flushed.
  func lose(_ loss: Loss, in folder: String) {
    let log = log.withLock { $0 }
    guard loss != .none else { return }
    if loss == .all { for rename in log.renames.reversed() { rename.undo() } }
    for path in loss == .all ? log.unflushedLinks : [] { unlink(path) }
    for path in loss == .all ? log.unflushedFolders : [] { try? FileManager.default.removeItem(atPath: path) }
    for path in files(in: folder) {
      let number = fileNumber(path)
      if log.unflushedFiles.contains(number) { damage(path, loss) }
      if loss == .all, log.unflushedNames.contains(number) { unlink(path) }
    }
  }

  private func damage(_ path: String, _ loss: Loss) {
    guard var bytes = FileManager.default.contents(atPath: path) else { return }
    bytes = loss == .all ? Data() : bytes.prefix((bytes.count * 3 + 3) / 4)
    for index in bytes.indices.suffix(bytes.count / 3) { bytes[index] = 0 }
    _ = FileManager.default.createFile(atPath: path, contents: bytes)
  }

  private func files(in folder: String) -> [String] {
    (FileManager.default.enumerator(atPath: folder)?.compactMap { $0 as? String } ?? [])
      .map { "\(folder)/\($0)" }.filter { isFile($0) }
  }
}

extension PowerCut.Log {
  /// What this call leaves to be flushed, or flushes.
  mutating func note(_ call: FileSystem.Call) {
    switch call.operation {
    case .write:
      unflushedFiles.insert(fileNumber(call.path))
      unflushedNames.insert(fileNumber(call.path))
    case .sync where isFile(call.path): unflushedFiles.remove(fileNumber(call.path))
    case .sync: flushNames(in: call.path)
    case .rename, .replace: note(renameTo: call.path, from: call.source ?? "", call.operation)
    case .remove: unflushedFiles.remove(fileNumber(call.path))
    case .make where !FileSystem().exists(call.path): unflushedFolders.insert(call.path)
    case .link: unflushedLinks.insert(call.path)
    case .open, .create, .make: break
    }
  }

  private mutating func flushNames(in folder: String) {
    for name in (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? [] {
      unflushedNames.remove(fileNumber("\(folder)/\(name)"))
    }
    unflushedLinks = unflushedLinks.filter { FileSystem.split($0).folder != folder }
    unflushedFolders = unflushedFolders.filter { FileSystem.split($0).folder != folder }
    renames.removeAll { $0.folder == folder }
  }

  private mutating func note(renameTo target: String, from source: String, _ operation: FileSystem.Operation)
  {
    renames.append(
      (
        folder: FileSystem.split(target).folder,
        undo: {
          if operation == .replace {
            try? FileSystem().exchange(target, with: source)
          } else {
            try? FileSystem().rename(target, to: source)
          }
        }
      ))
  }
}

private func status(_ path: String) -> stat {
  var status = stat()
  _ = lstat(path, &status)
  return status
}

private func fileNumber(_ path: String) -> ino_t { status(path).st_ino }

private func isFile(_ path: String) -> Bool { status(path).st_mode & S_IFMT == S_IFREG }
