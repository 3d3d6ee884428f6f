import Glibc
import System
import SystemPackage

/// A file's name as a C string in reused memory: building a new path costs dozens of allocations.
final class FileName {
  private var bytes: [UInt8] = []

  /// Starts a name with `path`.
  func spell(_ path: FilePath) {
    bytes.removeAll(keepingCapacity: true)
    path.withPlatformString { bytes.append(contentsOf: UnsafeRawBufferPointer(start: $0, count: strlen($0))) }
  }

  /// Appends a path component.
  func add(_ component: UnsafeRawBufferPointer) {
    if let last = bytes.last, last != Self.separator { bytes.append(Self.separator) }
    bytes.append(contentsOf: component)
  }

  /// Opens the file for reading and returns the result of the system call.
  func opened() -> CInt {
    bytes.append(0)
    defer { bytes.removeLast() }
    return bytes.withUnsafeBytes { NamelessFile.open($0, O_RDONLY) }
  }

  private static let separator = UInt8(ascii: "/")
}
