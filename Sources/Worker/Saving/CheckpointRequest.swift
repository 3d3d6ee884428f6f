import Foundation
import Synchronization

private let requested = Atomic<Bool>(false)

/// A wish to save and go on: SIGUSR1. The handler only sets a flag.
enum CheckpointRequest {
  /// Whether a signal came; asking takes the wish away.
  static func take() -> Bool { requested.exchange(false, ordering: .relaxed) }

  /// Starts listening: without it, the signal would end the worker.
  static func listen() {
    _ = requested.load(ordering: .relaxed)  // made before a handler can run
    signal(SIGUSR1) { _ in requested.store(true, ordering: .relaxed) }
  }
}
