import Glibc
import System
import SystemPackage

/// The name of a file as the system takes it, in memory that is used again: a new path costs dozens of allocations.
final class FileName {
  private var bytes: [UInt8] = []

  /// Begins anew.
  func spell(_ path: FilePath) {
    bytes.removeAll(keepingCapacity: true)
    path.withPlatformString { bytes.append(contentsOf: UnsafeRawBufferPointer(start: $0, count: strlen($0))) }
  }

  /// Goes on with the name of what lies in that folder.
  func add(_ component: UnsafeRawBufferPointer) {
    if let last = bytes.last, last != Self.separator { bytes.append(Self.separator) }
    bytes.append(contentsOf: component)
  }

  /// What the system's call to open it for reading returns.
  func opened() -> CInt {
    bytes.append(0)
    defer { bytes.removeLast() }
    return bytes.withUnsafeBytes { NamelessFile.open($0, O_RDONLY) }
  }

  private static let separator = UInt8(ascii: "/")
}
