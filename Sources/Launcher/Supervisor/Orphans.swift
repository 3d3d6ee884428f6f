import CLinux
import Glibc

/// Processes that become the launcher's children when their parents end, where it is the first process of a container or was
/// made a subreaper.
///
/// Nobody else collects them, and each keeps its number until somebody does.
enum Orphans {
  /// Whether any can come to this process.
  static let come = linux_inherits_orphans() != 0

  /// Collects those that have ended.
  ///
  /// - Parameter own: Children that whoever started them collects. One of them that has ended hides those behind it, so
  ///   it is to be collected first.
  static func collect(sparing own: [pid_t]) {
    guard come else { return }
    while case let process = linux_ended_child(), process > 0, !own.contains(process) {
      waitpid(process, nil, 0)
    }
  }
}
