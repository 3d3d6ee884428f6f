package import ArgumentParser
import Glibc
import System

extension ParsableCommand {
  /// Ends the process as `exit(withError:)` does, with the text in the characters of the user's locale.
  package static func leave(with error: any Error) -> Never {
    let (code, text) = (exitCode(for: error), fullMessage(for: error))
    if !text.isEmpty {
      if code.isSuccess {
        print(text)
      } else {
        Array("\(Signs.ofThisProcess.spelled(text))\n".utf8).withUnsafeBytes {
          _ = writeAll($0, to: STDERR_FILENO)
        }
      }
    }
    Glibc.exit(code.rawValue)
  }
}
