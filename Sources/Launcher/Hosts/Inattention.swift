/// Measures how long a launcher has not listened because it or its machine was suspended.
///
/// What others sent meanwhile is still unread, so that time must be subtracted from their silence.
struct Inattention: Sendable {
  /// When this launcher last listened.
  private var last: Duration?

  /// Records that it listens now, which it does at every beat; returns the time beyond that.
  mutating func end(at now: Duration) -> Duration {
    defer { last = now }
    return max(.zero, now - (last ?? now) - HostTimeouts.beat)
  }
}
