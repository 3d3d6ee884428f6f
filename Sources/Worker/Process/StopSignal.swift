import Foundation
import Synchronization
import System

private let stopRequested = Atomic<Bool>(false)
private let saveRequested = Atomic<Bool>(false)

/// A request to stop after the current step: SIGTERM, SIGINT, and SIGHUP unless nohup(1) ignores it. The
/// handlers only set a flag.
enum StopSignal {
  /// Whether a signal came.
  static var isRequested: Bool { stopRequested.load(ordering: .relaxed) }

  /// Installs the handlers.
  ///
  /// Under the launcher a repeated signal is the same request: service managers signal every process of a
  /// group, and the launcher kills when it must. A worker on its own ends at once on the second signal.
  static func listen(underLauncher: Bool) {
    _ = isRequested  // initialised before a handler can run
    for number in [SIGTERM, SIGINT, SIGHUP] where number != SIGHUP || !ProcessSignals.isIgnored(number) {
      if underLauncher {
        signal(number) { _ in stopRequested.store(true, ordering: .relaxed) }
      } else {
        signal(number) { number in
          stopRequested.store(true, ordering: .relaxed)
          signal(number, SIG_DFL)
        }
      }
    }
  }

  /// Makes a closed pipe an error of the write instead of the end of the process.
  static func ignoreWriteSignals() { signal(SIGPIPE, SIG_IGN) }
}

/// A request to save and continue: SIGUSR1. The handler only sets a flag.
enum CheckpointRequest {
  /// Whether a signal came; clears the request.
  static func take() -> Bool { saveRequested.exchange(false, ordering: .relaxed) }

  /// Installs the handler, without which the signal would end the worker.
  static func listen() {
    _ = saveRequested.load(ordering: .relaxed)  // initialised before a handler can run
    signal(SIGUSR1) { _ in saveRequested.store(true, ordering: .relaxed) }
  }
}
