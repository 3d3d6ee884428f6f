import Foundation
import Synchronization
import System

private let stopRequested = Atomic<Bool>(false)
private let saveRequested = Atomic<Bool>(false)

/// A wish to stop after the current step: SIGTERM, SIGINT, and SIGHUP where nohup(1) has not had it ignored. The handlers
/// only set a flag.
enum StopSignal {
  /// Whether a signal came.
  static var isRequested: Bool { stopRequested.load(ordering: .relaxed) }

  /// Starts listening.
  ///
  /// Under the launcher a repeated signal is the same wish: service managers signal every process of a group, and
  /// the launcher kills when it must. A worker on its own ends at once on the second one.
  static func listen(underLauncher: Bool) {
    _ = isRequested  // made before a handler can run
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

  /// Makes a closed pipe an error of the write, not the end of the process.
  static func ignoreWriteSignals() { signal(SIGPIPE, SIG_IGN) }
}

/// A wish to save and go on: SIGUSR1. The handler only sets a flag.
enum CheckpointRequest {
  /// Whether a signal came; asking takes the wish away.
  static func take() -> Bool { saveRequested.exchange(false, ordering: .relaxed) }

  /// Starts listening: without it, the signal would end the worker.
  static func listen() {
    _ = saveRequested.load(ordering: .relaxed)  // made before a handler can run
    signal(SIGUSR1) { _ in saveRequested.store(true, ordering: .relaxed) }
  }
}
