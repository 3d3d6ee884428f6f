/// When a host heard host 0 last, and when it is to be heard there next.
///
/// Pure: it is told what time it is.
struct HostPulse: Sendable {
  private let silence: Duration
  private var heard = Duration.zero
  private var nextBeat = Duration.zero
  private var inattention = Inattention()

  /// What there is to do.
  enum Finding: Equatable {
    /// Host 0 was not heard for as long as it may be.
    case silent
    /// It is to hear of this host.
    case due
  }

  /// - Parameter silence: For how long host 0 may not be heard.
  init(silence: Duration) { self.silence = silence }

  /// When there is something to do, if nothing is heard before.
  var deadline: Duration { min(nextBeat, heard + silence) }

  /// Host 0 was heard.
  mutating func hear(at now: Duration) { heard = now }

  /// Something has changed here, which host 0 is to hear now.
  mutating func hasten(at now: Duration) { nextBeat = now }

  /// Notes that this host listens; the time for which it did not, which is no silence of host 0's.
  mutating func listen(at now: Duration) -> Duration {
    let held = inattention.end(at: now)
    heard = min(heard + held, now)
    return held
  }

  /// What is to be done now; once for each beat.
  mutating func look(at now: Duration) -> Finding? {
    if now - heard >= silence { return .silent }
    guard now >= nextBeat else { return nil }
    nextBeat = now + HostTimeouts.beat
    return .due
  }
}
