import Glibc

/// A file descriptor with one owner, closed when the owner lets go of it.
struct Descriptor: ~Copyable {
  let number: CInt

  /// Takes over the descriptor that a system call returns, or reports the call's errno, before anything else may set it.
  init(_ open: @autoclosure () -> CInt, from call: @autoclosure () -> String) throws(LaunchError) {
    let number = open()
    guard number >= 0 else {
      let failure = errno
      throw LaunchError(call: call(), errno: failure)
    }
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
