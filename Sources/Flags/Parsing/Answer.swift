package import ArgumentParser
import Glibc
package import System

extension ParsableArguments {
  /// Prints what a command line asks the parser for, as its help or its version, and ends the process; returns where `error` is
  /// anything else.
  ///
  /// Throws where that has not arrived.
  package static func endIfAnswered(by error: any Error) throws(SystemError) {
    let text = fullMessage(for: error)
    guard exitCode(for: error) == .success, !text.isEmpty else { return }
    print(text)
    try StandardOutput.flush()
    Glibc.exit(EXIT_SUCCESS)
  }
}
