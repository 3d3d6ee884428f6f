import Glibc
package import Output
package import Recipe
package import System

/// Why the launcher could not start or continue: the message for the user, and the exit status.
package struct LaunchError: Error, CustomStringConvertible, Equatable {
  package let description: String
  package let exitStatus: ExitStatus

  package init(_ description: String, exitStatus: ExitStatus) {
    self.description = description
    self.exitStatus = exitStatus
  }

  /// Converts the error of an output folder that must not be written to.
  package init(_ error: OutputError) {
    self.init(error.description, exitStatus: error.exitStatus)
  }

  /// Makes the error of a system call that failed at a limit of the machine.
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
  /// Makes the error of a missing resource.
  package init(_ shortage: Shortage) {
    self.init(shortage.description, exitStatus: shortage.isLimit ? .badConfiguration : .inputOutput)
  }
}

extension Descriptor {
  /// Returns the descriptor that a system call returns, or throws with the call's errno before anything else
  /// can change it.
  package init(_ open: @autoclosure () -> CInt, from call: @autoclosure () -> String) throws(LaunchError) {
    let number = open()
    guard number >= 0 else {
      let failure = errno
      throw LaunchError(call: call(), errno: failure)
    }
    self.init(owning: number)
  }
}
