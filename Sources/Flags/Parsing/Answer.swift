package import ArgumentParser
import Glibc
package import System

extension ParsableArguments {
  /// Prints what a command line asks the parser for, such as help or version, and ends the process; returns
  /// if `error` is anything else.
  ///
  /// Throws if it could not be written.
  package static func endIfAnswered(by error: any Error) throws(SystemError) {
    let text = fullMessage(for: error)
    guard exitCode(for: error) == .success, !text.isEmpty else { return }
    print(text)
    try StandardOutput.flush()
    Glibc.exit(EXIT_SUCCESS)
  }
}
