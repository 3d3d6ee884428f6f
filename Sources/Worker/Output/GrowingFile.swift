import Foundation
import System
import SystemPackage

/// A file that a run appends to, which survives a full disk and being removed or moved.
///
/// Data that a full disk does not take are kept, in order, and written with later data.
final class GrowingFile {
  private var file: OutputFile
  private var unwritten: [UInt8] = []
  private var isInTrouble = false

  /// Opens a file for appending; throws on failure, and if it is not a regular file.
  init(addingTo path: String) throws(SystemError) {
    file = try OutputFile(addingTo: path)
  }

  /// Whether the file was empty when it was opened.
  var isNew: Bool { file.wasEmpty }

  deinit {
    if save() == 0 { return }
    Console.warn(
      "warning: the last \(counted(unwritten.count, "byte")) of \(file.path) \(noun(unwritten.count, "was", "were")) never written"
    )
  }

  /// Appends data, which are handed to the system before this returns.
  func add(_ piece: [UInt8]) {
    unwritten += piece
    let failure = file.isInPlace ? save() : beginAgain()
    if failure != 0, !isInTrouble {
      Console.warn(
        "warning: cannot write \(file.path): \(errorText(failure)). What belongs there is kept until it "
          + "can be written.")
    }
    isInTrouble = failure != 0
  }

  /// Writes kept data, if there may be room again.
  func catchUp() {
    if !unwritten.isEmpty { add([]) }
  }

  /// Writes what it can; returns the errno if anything is left, otherwise 0.
  private func save() -> Int32 {
    let (count, failure) = file.write(unwritten)
    unwritten.removeFirst(count)
    return failure ?? 0
  }

  private func beginAgain() -> Int32 {
    let failure = file.beginAgain()
    if failure != 0 { return failure }
    Console.warn("warning: \(file.path) was removed or moved: what follows goes into a new file of that name")
    return save()
  }
}

/// A file that is appended to during a run, and created again if it is removed or moved.
private struct OutputFile: ~Copyable {
  let path: String
  /// Whether the file was empty when it was opened.
  let wasEmpty: Bool
  private var file: RegularFile

  /// Opens a file for appending; throws on failure, and if it is not a regular file.
  init(addingTo path: String) throws(SystemError) {
    self.path = path
    file = try RegularFile(addingTo: FilePath(path))
    wasEmpty = file.size == 0
  }

  /// Writes the bytes; returns how many were written, and the errno if not all were.
  func write(_ bytes: [UInt8]) -> (count: Int, failure: Int32?) {
    bytes.withUnsafeBytes { writeAll($0, to: file.descriptor) }
  }

  /// Whether the path still leads to this file.
  var isInPlace: Bool {
    var (own, found) = (stat(), stat())
    guard fstat(file.descriptor, &own) == 0, stat(path, &found) == 0 else { return false }
    return (own.st_dev, own.st_ino) == (found.st_dev, found.st_ino)
  }

  /// Creates the file and its folders again; returns 0 or the errno.
  ///
  /// The content of a removed file is still accessible, and is copied to the new one. A moved file keeps its
  /// content.
  mutating func beginAgain() -> Int32 {
    guard Folders.make(Folders.parent(of: path)) else { return errno }
    do throws(SystemError) {
      let next = try RegularFile(addingTo: FilePath(path))
      var status = stat()
      if fstat(file.descriptor, &status) == 0, status.st_nlink == 0 {
        try copy(Int(status.st_size), to: next)
      }
      file = next
      return 0
    } catch {
      return error.errno
    }
  }

  private func copy(_ count: Int, to next: borrowing RegularFile) throws(SystemError) {
    var offset = 0
    var bytes = [UInt8](repeating: 0, count: 1 << 16)
    while offset < count {
      let got = pread(file.descriptor, &bytes, bytes.count, off_t(offset))
      guard got > 0 else { return }
      try next.write(Array(bytes.prefix(got)))
      offset += got
    }
  }
}
