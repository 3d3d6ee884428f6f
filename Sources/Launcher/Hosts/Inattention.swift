/// Tells a launcher for how long it has not listened, since it or its machine was held.
///
/// What others said meanwhile is still to be read, so their silence is shorter by that time.
struct Inattention: Sendable {
  /// When this launcher listened last.
  private var last: Duration?

  /// Notes that it listens now, as it does once a beat at least; the time beyond that.
  mutating func end(at now: Duration) -> Duration {
    defer { last = now }
    return max(.zero, now - (last ?? now) - HostTimeouts.beat)
  }
}
