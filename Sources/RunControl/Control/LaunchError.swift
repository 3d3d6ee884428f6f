import Glibc
package import Output
package import Recipe
package import System

/// A reason why the launcher could not start or go on: what a user reads, and the exit status that goes with it.
package struct LaunchError: Error, CustomStringConvertible, Equatable {
  package let description: String
  package let exitStatus: ExitStatus

  package init(_ description: String, exitStatus: ExitStatus) {
    self.description = description
    self.exitStatus = exitStatus
  }

  /// An output folder that is not to be written to.
  package init(_ error: OutputError) {
    self.init(error.description, exitStatus: error.exitStatus)
  }

  /// A system call that failed for want of something that the machine limits.
  package init(call: String, errno: CInt) {
    if let shortage = Shortage(errno: errno, for: call) {
      self.init(shortage)
      return
    }
    self.init(
      "\(call): \(errorText(errno)). Likely a limit of this machine; `ulimit -a` shows them.",
      exitStatus: .inputOutput)
  }
}

extension LaunchError {
  /// What this process may not have.
  package init(_ shortage: Shortage) {
    self.init(shortage.description, exitStatus: shortage.isLimit ? .badConfiguration : .inputOutput)
  }
}

extension Descriptor {
  /// Takes over what a system call returns, or reports the call's errno, before anything else may set it.
  package init(_ open: @autoclosure () -> CInt, from call: @autoclosure () -> String) throws(LaunchError) {
    let number = open()
    guard number >= 0 else {
      let failure = errno
      throw LaunchError(call: call(), errno: failure)
    }
    self.init(owning: number)
  }
}
