import System

/// Holds back whoever passes until it is opened, for a minute at most; then it stays open.
public final class Gate: Sendable {
  private let isOpen = Monitor(false)

  /// A closed gate.
  public init() {}

  /// Lets everybody pass from now on.
  public func open() { isOpen.withLock { $0 = true } }

  /// Returns once it is open.
  public func pass() {
    _ = isOpen.wait(until: .now + .seconds(60)) { $0 ? () : nil }
  }
}
