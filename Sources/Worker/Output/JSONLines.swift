import Foundation
import System
import SystemPackage

/// A file of one JSON object a line; each line is handed to the system when it is written.
///
/// Lines that a full disk does not take are kept, in order, and written with a later one.
final class JSONLines {
  private var file: OutputFile
  private var unwritten: [UInt8] = []
  private var isInTrouble = false

  /// Opens a file to add to; throws where that fails, and for what is no file.
  init(addingTo path: String) throws(SystemError) {
    file = try OutputFile(addingTo: path)
  }

  deinit {
    let lost = save() == 0 ? 0 : unwritten.count { $0 == UInt8(ascii: "\n") }
    if lost > 0 { Console.warn("warning: \(lost) lines of \(file.path) were never written") }
  }

  /// Adds an object with its keys in the given order, as Python's `json.dumps` writes it.
  func add(_ fields: [(key: String, value: JSONNumber)]) {
    let body = fields.map { "\"\($0.key)\": \($0.value.text)" }.joined(separator: ", ")
    unwritten += "{\(body)}\n".utf8
    let failure = file.isInPlace ? save() : beginAgain()
    if failure != 0, !isInTrouble {
      Console.warn(
        "warning: cannot write \(file.path): \(String(cString: strerror(failure))). Its lines are kept until they can be written."
      )
    }
    isInTrouble = failure != 0
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
    Console.warn("warning: \(file.path) was removed or moved: its lines go into a new file of that name")
    return save()
  }
}

/// A file that is added to for as long as a run takes, and begun again where somebody removes or moves it meanwhile.
private struct OutputFile: ~Copyable {
  let path: String
  private var file: RegularFile

  /// Opens a file to add to; throws where that fails, and for what is no file.
  init(addingTo path: String) throws(SystemError) {
    self.path = path
    file = try RegularFile(addingTo: FilePath(path))
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

/// A number in a JSON line.
enum JSONNumber {
  case integer(Int)
  case real(Double)

  /// The shortest form that reads back the same; `null` for what is not a finite number, as JSON has no word for it.
  var text: String {
    switch self {
    case .integer(let value): "\(value)"
    case .real(let value): value.isFinite ? "\(value)" : "null"
    }
  }
}

/// A value as one line of JSON, keys in snake case and sorted.
func jsonLine(_ value: some Encodable) throws -> String {
  let encoder = JSONEncoder()
  encoder.keyEncodingStrategy = .convertToSnakeCase
  encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
  return String(decoding: try encoder.encode(value), as: UTF8.self)
}
