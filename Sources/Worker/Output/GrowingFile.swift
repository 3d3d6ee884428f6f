import Foundation
import System
import SystemPackage

/// A file to which a run adds piece by piece, and which outlives a full disk and whoever removes or moves it.
///
/// Pieces that a full disk does not take are kept, in order, and written with a later one.
final class GrowingFile {
  private var file: OutputFile
  private var unwritten: [UInt8] = []
  private var isInTrouble = false

  /// Opens a file to add to; throws where that fails, and for what is no file.
  init(addingTo path: String) throws(SystemError) {
    file = try OutputFile(addingTo: path)
  }

  /// Whether there was nothing in it when it was opened.
  var isNew: Bool { file.wasEmpty }

  deinit {
    if save() == 0 { return }
    Console.warn(
      "warning: the last \(counted(unwritten.count, "byte")) of \(file.path) \(noun(unwritten.count, "was", "were")) never written"
    )
  }

  /// Adds a piece, which is handed to the system before this returns.
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

  /// Writes what is kept, where something is and there may be room again.
  func catchUp() {
    if !unwritten.isEmpty { add([]) }
  }

  /// Writes what it can; why there is a rest, or 0.
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

/// A file that is added to for as long as a run takes, and begun again where somebody removes or moves it meanwhile.
private struct OutputFile: ~Copyable {
  let path: String
  /// Whether there was nothing in it when it was opened.
  let wasEmpty: Bool
  private var file: RegularFile

  /// Opens a file to add to; throws where that fails, and for what is no file.
  init(addingTo path: String) throws(SystemError) {
    self.path = path
    file = try RegularFile(addingTo: FilePath(path))
    wasEmpty = file.size == 0
  }

  /// Writes the bytes; how many it could, and the errno of what kept the rest.
  func write(_ bytes: [UInt8]) -> (count: Int, failure: Int32?) {
    bytes.withUnsafeBytes { writeAll($0, to: file.descriptor) }
  }

  /// Whether a reader of the path finds what is written.
  var isInPlace: Bool {
    var (own, found) = (stat(), stat())
    guard fstat(file.descriptor, &own) == 0, stat(path, &found) == 0 else { return false }
    return (own.st_dev, own.st_ino) == (found.st_dev, found.st_ino)
  }

  /// Makes the file again, and the folders above it; 0, or why that fails.
  ///
  /// What a removed file held is still to be had, and is put into the new one. A moved one has kept it.
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
