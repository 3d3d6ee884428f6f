internal import Glibc

/// Says on standard error what happened and ends the process at once, where nothing can go on, not even what cleans up.
public func endProcess(_ message: String, _ status: CInt) -> Never {
  let line = Array("\(programName): error: \(message)\n".utf8)
  line.withUnsafeBytes { _ = writeAll($0, to: STDERR_FILENO) }
  _exit(status)
}

/// What this program was called as.
var programName: Substring { CommandLine.arguments.first?.split(separator: "/").last ?? "twins" }
