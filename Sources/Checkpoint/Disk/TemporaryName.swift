import Glibc
import System

/// Who writes a temporary file or folder, as part of its name: `.NAME.PID-START.tmp`.
///
/// A process number comes again; together with the process's start, in ticks since boot, it does not.
struct TemporaryName: Equatable, Sendable {
  let process: Int32
  let start: UInt64

  /// This process's mark.
  static let own = TemporaryName(process: getpid(), start: startOfProcess(getpid()) ?? 0)

  /// Whether the writer still runs.
  var isAlive: Bool { Self.startOfProcess(process) == start }

  /// The temporary name for what will be called `name`.
  func temporaryName(for name: String) -> String {
    ".\(name).\(process)-\(start).tmp"
  }
}

extension TemporaryName {
  /// The mark in a temporary name; nil in any other name.
  init?(temporaryName: String) {
    let parts = temporaryName.split(separator: ".")
    guard temporaryName.hasPrefix("."), parts.count >= 3, parts.last == "tmp" else { return nil }
    let numbers = parts[parts.count - 2].split(separator: "-")
    guard numbers.count == 2, let process = Int32(numbers[0]), let start = UInt64(numbers[1]) else {
      return nil
    }
    self.init(process: process, start: start)
  }

  /// Nil too for a process that has ended and that its parent has not collected: it writes no more.
  private static func startOfProcess(_ number: Int32) -> UInt64? {
    guard let process = ProcFS.Process(number), !process.hasEnded else { return nil }
    return process.start
  }
}

extension FileSystem {
  /// Removes what writers that are no more left half-written in a folder, and what this process left itself.
  func removeLeftovers(in folder: String, of name: String? = nil) throws(CheckpointError) {
    for candidate in names(in: folder) {
      guard let mark = TemporaryName(temporaryName: candidate) else { continue }
      if let name, mark.temporaryName(for: name) != candidate { continue }
      if mark == .own || !mark.isAlive { try remove("\(folder)/\(candidate)") }
    }
  }
}
