import CLinux
import Glibc

/// Processes that become the launcher's children when their parents end, where it is the first process of a
/// container or a subreaper.
///
/// Nobody else reaps them, and each keeps its process number until somebody does.
enum Orphans {
  /// Whether orphans can become children of this process.
  static let come = linux_inherits_orphans() != 0

  /// Reaps those that have ended.
  ///
  /// - Parameter own: Children that are reaped by whoever started them. One that has ended hides orphans that
  ///   ended later, so it must be reaped first.
  static func collect(sparing own: [pid_t]) {
    guard come else { return }
    while case let process = linux_ended_child(), process > 0, !own.contains(process) {
      waitpid(process, nil, 0)
    }
  }
}
