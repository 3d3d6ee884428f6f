/// When this host last heard from host 0, and when it must send its next sign of life.
///
/// Pure: the caller passes the time.
struct HostPulse: Sendable {
  private let silence: Duration
  private var heard = Duration.zero
  private var nextBeat = Duration.zero
  private var inattention = Inattention()

  /// What is to be done.
  enum Finding: Equatable {
    /// Host 0 was silent for too long.
    case silent
    /// A sign of life must be sent to host 0.
    case due
  }

  /// - Parameter silence: How long host 0 may be silent.
  init(silence: Duration) { self.silence = silence }

  /// When something is to be done, if nothing is heard before.
  var deadline: Duration { min(nextBeat, heard + silence) }

  /// Records that host 0 was heard.
  mutating func hear(at now: Duration) { heard = now }

  /// Makes the next sign of life due now, since something has changed here.
  mutating func hasten(at now: Duration) { nextBeat = now }

  /// Records that this host listens; returns how long it did not, which is no silence of host 0.
  mutating func listen(at now: Duration) -> Duration {
    let held = inattention.end(at: now)
    heard = min(heard + held, now)
    return held
  }

  /// Returns what is to be done now; each sign of life once.
  mutating func look(at now: Duration) -> Finding? {
    if now - heard >= silence { return .silent }
    guard now >= nextBeat else { return nil }
    nextBeat = now + HostTimeouts.beat
    return .due
  }
}
