import Glibc
import System

/// Replaces files as a whole: a reader, or the next start after a crash, finds the old or the new content.
public enum AtomicFile {
  /// Writes a file's content, replacing an earlier file.
  ///
  /// The bytes are on the disk, under the file's name, when this returns. On an error the earlier file is untouched, but where
  /// the folder could not be flushed: the new content has the name then, and a loss of power may bring the earlier one back.
  /// One process at a time may write a given file.
  public static func write(_ bytes: UnsafeRawBufferPointer, to path: String) throws(CheckpointError) {
    try write(to: path) { writer throws(CheckpointError) in try writer.write(bytes) }
  }

  /// Writes a text as UTF-8, replacing an earlier file.
  public static func write(_ text: String, to path: String) throws(CheckpointError) {
    let bytes = Array(text.utf8)
    try write(to: path) { writer throws(CheckpointError) in try writer.write(bytes) }
  }

  /// Removes a file, or a link to one, and what dead writers left of it; does nothing if there is none.
  public static func remove(_ path: String) throws(CheckpointError) {
    let disk = FileSystem()
    let (folder, name) = FileSystem.split(path)
    try disk.removeLeftovers(in: folder, of: name)
    do throws(CheckpointError) {
      try disk.removeFile(path)
    } catch .system(_, _, ENOENT), .system(_, _, EISDIR) {
    }
  }

  static func write(
    to path: String, on disk: FileSystem = FileSystem(),
    _ body: (inout FileWriter) throws(CheckpointError) -> Void
  ) throws(CheckpointError) {
    let (folder, name) = FileSystem.split(path)
    try disk.removeLeftovers(in: folder, of: name)
    let temporary = "\(folder)/\(TemporaryName.own.temporaryName(for: name))"
    do throws(CheckpointError) {
      try fill(temporary, on: disk, body)
      try disk.rename(temporary, to: path)
    } catch {
      try? disk.remove(temporary)
      throw error
    }
    try disk.syncFolder(folder)
  }

  private static func fill(
    _ path: String, on disk: FileSystem, _ body: (inout FileWriter) throws(CheckpointError) -> Void
  ) throws(CheckpointError) {
    var writer = try FileWriter(creating: path, on: disk)
    try body(&writer)
    try writer.sync()
  }
}

/// Writes a new file from front to back.
struct FileWriter: ~Copyable {
  let path: String
  private let disk: FileSystem
  private let file: Descriptor
  /// Bytes written so far.
  private(set) var count = 0

  /// Creates the file; fails if it exists.
  init(creating path: String, on disk: FileSystem) throws(CheckpointError) {
    file = try disk.open(path, O_WRONLY | O_CREAT | O_EXCL, for: .create)
    self.path = path
    self.disk = disk
  }

  /// Appends bytes.
  mutating func write(_ bytes: UnsafeRawBufferPointer) throws(CheckpointError) {
    var rest = bytes[...]
    while !rest.isEmpty {
      let piece = UnsafeRawBufferPointer(rebasing: rest)
      let written = try disk.write(piece, to: file, path: path)
      rest = rest.dropFirst(written)
      count += written
    }
  }

  /// Appends bytes.
  mutating func write(_ bytes: [UInt8]) throws(CheckpointError) {
    try bytes.withUnsafeBytes { buffer in
      Result { () throws(CheckpointError) in try write(buffer) }
    }.get()
  }

  /// Returns when the bytes are on the disk.
  func sync() throws(CheckpointError) {
    try disk.sync(file, path: path)
  }
}

/// The writer's mark in the name of a temporary file or folder: `.NAME.PID-START.tmp`.
///
/// Process numbers are reused, but not together with the process's start, in ticks since boot.
struct TemporaryName: Equatable, Sendable {
  let process: Int32
  let start: UInt64

  /// This process's mark.
  static let own = TemporaryName(process: getpid(), start: startOfProcess(getpid()) ?? 0)

  /// Whether the writer is still running.
  var isAlive: Bool { Self.startOfProcess(process) == start }

  /// The temporary name of a file that will be named `name`.
  func temporaryName(for name: String) -> String {
    ".\(name).\(process)-\(start).tmp"
  }
}

extension TemporaryName {
  /// Parses a temporary name; nil for any other name.
  init?(temporaryName: String) {
    let parts = temporaryName.split(separator: ".")
    guard temporaryName.hasPrefix("."), parts.count >= 3, parts.last == "tmp" else { return nil }
    let numbers = parts[parts.count - 2].split(separator: "-")
    guard numbers.count == 2, let process = Int32(numbers[0]), let start = UInt64(numbers[1]) else {
      return nil
    }
    self.init(process: process, start: start)
  }

  /// The start of a process; nil also for a zombie, which writes nothing more.
  private static func startOfProcess(_ number: Int32) -> UInt64? {
    guard let process = ProcFS.Process(number), !process.hasEnded else { return nil }
    return process.start
  }
}

extension FileSystem {
  /// Removes what dead writers, or this process, left unfinished in a folder.
  func removeLeftovers(in folder: String, of name: String? = nil) throws(CheckpointError) {
    for candidate in names(in: folder) {
      guard let mark = TemporaryName(temporaryName: candidate) else { continue }
      if let name, mark.temporaryName(for: name) != candidate { continue }
      if mark == .own || !mark.isAlive { try remove("\(folder)/\(candidate)") }
    }
  }
}
