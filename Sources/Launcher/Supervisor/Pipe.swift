import CLinux
import Glibc
import RunControl
import System

/// A pipe whose ends do not survive an exec.
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
  /// Makes reads return at once when there is nothing to read.
  func stopBlocking() {
    _ = fcntl(number, F_SETFL, fcntl(number, F_GETFL) | O_NONBLOCK)
  }
}

extension Descriptor {
  /// A file in memory with that content, for a worker to read.
  static func memoryFile(holding content: [UInt8]) throws(LaunchError) -> Descriptor {
    let file = try Descriptor(linux_memory_file("twins-run"), from: "memfd_create")
    if let failure = content.withUnsafeBytes({ writeAll($0, to: file.number) }).failure {
      throw LaunchError(call: "write", errno: failure)
    }
    lseek(file.number, 0, SEEK_SET)
    return try file.aboveInherited()
  }

  /// The same file under a number above those that a worker's own descriptors have: dup2 onto one of them would replace it.
  func aboveInherited() throws(LaunchError) -> Descriptor {
    Descriptor(owning: try duplicate(from: 10))
  }

  /// Another descriptor of the same file, the first free one from `lowest` upwards; does not survive an exec.
  private func duplicate(from lowest: CInt) throws(LaunchError) -> CInt {
    let copy = fcntl(number, F_DUPFD_CLOEXEC, lowest)
    guard copy >= 0 else { throw LaunchError(call: "fcntl F_DUPFD_CLOEXEC", errno: errno) }
    return copy
  }
}
