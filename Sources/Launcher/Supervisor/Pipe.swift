import CLinux
import Glibc
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
