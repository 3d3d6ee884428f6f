import Glibc
import System
import SystemPackage

/// Memory that grows and is reused, so that an image costs no allocation and no fresh pages.
final class ReusedBuffer<Element: BitwiseCopyable> {
  private var memory: UnsafeMutableBufferPointer<Element> = .init(start: nil, count: 0)

  deinit {
    memory.deallocate()
  }

  /// Returns `count` uninitialised elements, valid until the next call.
  func reserve(_ count: Int) -> UnsafeMutableBufferPointer<Element> {
    if memory.count < count {
      memory.deallocate()
      memory = .allocate(capacity: count)
    }
    return UnsafeMutableBufferPointer(rebasing: memory[..<count])
  }
}

/// Reused memory for files and pixels.
typealias ByteBuffer = ReusedBuffer<UInt8>

extension ByteBuffer {
  // More than an image of the largest size takes: a sparse file may claim terabytes.
  private static let largestFile = Int(Int32.max)

  /// Returns the content of the file at `path`, valid until the next call; transient failures are retried
  /// after pauses.
  ///
  /// Only regular files are opened.
  func contents(
    of path: FilePath, _ retries: ReadRetries = ReadRetries()
  ) throws(DataError) -> UnsafeBufferPointer<UInt8> {
    let name = FileName()
    name.spell(path)
    return try contents(of: name, retries) { path }
  }

  /// The same for a file's name; `path` is called only for an error message.
  func contents(
    of name: FileName, _ retries: ReadRetries, path: () -> FilePath
  ) throws(DataError) -> UnsafeBufferPointer<UInt8> {
    do throws(SystemError) {
      return try retries.keepTrying { () throws(SystemError) in
        if let interrupt = retries.interrupt { try interrupt(path()) }
        do throws(FailedCall) {
          return try content(of: name)
        } catch {
          throw SystemError(error.operation, path(), error.errno)
        }
      }
    } catch {
      throw error.errno == ENOENT && FileLink.isDangling(error.path)
        ? .danglingLink(error.path) : .unreadable(error)
    }
  }

  // Returns fewer bytes than the file's size if the file shrank meanwhile.
  private func content(of name: FileName) throws(FailedCall) -> UnsafeBufferPointer<UInt8> {
    let file = try NamelessFile(opened: name.opened())
    guard file.size <= Self.largestFile else { throw FailedCall("read", EFBIG) }
    let bytes = reserve(file.size)
    let count = try file.read(into: UnsafeMutableRawBufferPointer(bytes))
    return UnsafeBufferPointer(rebasing: bytes[..<count])
  }
}
