import Glibc

/// A file descriptor with one owner, closed when the owner lets go of it.
struct Descriptor: ~Copyable {
  let number: CInt

  /// Takes over the descriptor that a system call returned, or reports the call's errno.
  init(_ number: CInt, from call: String) throws(LaunchError) {
    guard number >= 0 else { throw LaunchError(call: call, errno: errno) }
    self.number = number
  }

  /// Takes over an open descriptor.
  init(owning number: CInt) {
    self.number = number
  }

  deinit {
    close(number)
  }
}
