import CLinux
import Glibc
import RunControl
import System

/// A pipe with close-on-exec ends.
struct Pipe: ~Copyable {
  let reading: Descriptor
  let writing: Descriptor

  init() throws(LaunchError) {
    var ends: [CInt] = [-1, -1]
    guard linux_pipe(&ends) == 0 else { throw LaunchError(call: "pipe2", errno: errno) }
    reading = Descriptor(owning: ends[0])
    writing = Descriptor(owning: ends[1])
  }
}

extension Descriptor {
  /// Makes reads from the pipe non-blocking.
  func stopBlocking() {
    _ = fcntl(number, F_SETFL, fcntl(number, F_GETFL) | O_NONBLOCK)
  }
}

extension Descriptor {
  /// Returns a file in memory with that content, for a worker to read.
  static func memoryFile(holding content: [UInt8]) throws(LaunchError) -> Descriptor {
    let file = try Descriptor(linux_memory_file("twins-run"), from: "memfd_create")
    if let failure = content.withUnsafeBytes({ writeAll($0, to: file.number) }).failure {
      throw LaunchError(call: "write", errno: failure)
    }
    lseek(file.number, 0, SEEK_SET)
    return try file.aboveInherited()
  }

  /// Returns the same file under a number above those that a worker's descriptors get, since dup2(2) onto one
  /// of them would replace it.
  func aboveInherited() throws(LaunchError) -> Descriptor {
    Descriptor(owning: try duplicate(from: 10))
  }

  /// Duplicates the descriptor to the lowest free number from `lowest` on, with close-on-exec.
  private func duplicate(from lowest: CInt) throws(LaunchError) -> CInt {
    let copy = fcntl(number, F_DUPFD_CLOEXEC, lowest)
    guard copy >= 0 else { throw LaunchError(call: "fcntl F_DUPFD_CLOEXEC", errno: errno) }
    return copy
  }
}
