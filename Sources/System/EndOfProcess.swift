internal import Glibc

/// Prints what happened to standard error and ends the process at once, when even cleaning up is impossible.
public func endProcess(_ message: String, _ status: CInt) -> Never {
  let line = Array("\(programName): error: \(message)\n".utf8)
  line.withUnsafeBytes { _ = writeAll($0, to: STDERR_FILENO) }
  _exit(status)
}

/// The name by which this program was called.
var programName: Substring { CommandLine.arguments.first?.split(separator: "/").last ?? "twins" }
