import Dispatch
import Synchronization

/// Holds back whoever passes until it is opened, for a minute at most; then it stays open.
public final class Gate: Sendable {
  private let semaphore = DispatchSemaphore(value: 0)
  private let isOpen = Mutex(false)

  /// A closed gate.
  public init() {}

  /// Lets everybody pass from now on.
  public func open() { semaphore.signal() }

  /// Returns once it is open.
  public func pass() {
    isOpen.withLock { isOpen in
      if !isOpen { isOpen = semaphore.wait(timeout: .now() + 60) == .success }
    }
  }
}
