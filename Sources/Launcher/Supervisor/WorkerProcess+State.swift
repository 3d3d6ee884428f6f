import FoundationEssentials
import System

extension WorkerProcess {
  /// Whether a signal or a debugger holds the process: it is there, and does nothing.
  var isStopped: Bool { Self.isStopped(identifier) }

  static func isStopped(_ process: Int32) -> Bool {
    let state = ProcFS.Process(process)?.state
    return state == "T" || state == "t"
  }
}
