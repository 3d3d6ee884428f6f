import Drawing
import Recipe
import RunControl

/// How long to dial host 0, and what to say where it does not accept this host. Pure: the caller passes the
/// time.
struct Dialling: Equatable, Sendable {
  /// When to give up.
  private(set) var deadline: Duration
  /// The first and the last refusal, in a series without a pause.
  private var refusals: ClosedRange<Duration>?
  /// The connections in a row that the peer closed before it was known why, and when it closed the last one.
  private var drops = 0
  private var lastDrop: Duration?
  /// When to dial again where ZeroMQ does not do so by itself.
  private var nextDial: Duration?

  /// For this long, a host 0 that refuses this host may still be that of an earlier run.
  private static let patience = Duration.seconds(10)
  /// After this long without a refusal or a drop, a series of refusals is over.
  private static let pause = Duration.seconds(5)
  /// So many drops in a row are no host 0 that has just ended.
  private static let manyDrops = 3

  init(until deadline: Duration) { self.deadline = deadline }

  /// Why dialling has ended.
  enum Verdict: Equatable, Sendable {
    case unanswered
    /// Refused by a peer that has another key, or none, or speaks another protocol: the cause is clear, but
    /// may pass.
    case refused

    /// Returns the error to end with.
    func error(of meeting: MeetingPoint, within patience: Duration) -> LaunchError {
      switch self {
      case .unanswered:
        LaunchError(
          "host 0 did not answer at \(meeting) within \(elapsed(patience)): see whether its launcher runs, and "
            + "whether this host reaches that address", exitStatus: .software)
      case .refused:
        LaunchError(
          "host 0 at \(meeting) does not accept this host: give all hosts the same --rdzv-key-file, or none. If they have "
            + "it, another program listens there: see that --rdzv-endpoint names host 0 and a port that is free.",
          exitStatus: .badConfiguration)
      }
    }
  }

  /// Extends the deadline by a time for which this launcher was suspended, when no answer could reach it.
  mutating func postpone(by time: Duration) { deadline += time }

  /// Records that the peer did not accept this host; returns whether that is new.
  mutating func noteRefusal(at now: Duration, isDialledOn: Bool) -> Bool {
    let series = series(at: now)
    refusals = (series?.lowerBound ?? now)...now
    if !isDialledOn { nextDial = now + HostTimeouts.beat }
    return series == nil
  }

  /// Records that the peer closed a connection in the handshake.
  ///
  /// A host 0 with a key may close it before this host without one has read why, and a relay does so while
  /// there is no host 0. So a drop prolongs a series of refusals, but begins none.
  mutating func noteDrop(at now: Duration) {
    if let series = series(at: now) { refusals = series.lowerBound...now }
    drops = isRecent(lastDrop, at: now) ? drops + 1 : 1
    lastDrop = now
  }

  /// Records that host 0 is connected.
  mutating func noteConnection() { (refusals, lastDrop, drops, nextDial) = (nil, nil, 0, nil) }

  /// Whether to dial again now.
  mutating func takeDial(at now: Duration) -> Bool {
    guard let moment = nextDial, now >= moment else { return false }
    nextDial = nil
    return true
  }

  /// Returns why dialling has ended; nil while it goes on.
  func verdict(at now: Duration) -> Verdict? {
    let series = series(at: now)
    if let series, now >= series.lowerBound + Self.patience { return .refused }
    guard now >= deadline else { return nil }
    let isDropped = drops >= Self.manyDrops && isRecent(lastDrop, at: now)
    return series != nil || isDropped ? .refused : .unanswered
  }

  /// The series of refusals that is not over yet.
  private func series(at now: Duration) -> ClosedRange<Duration>? {
    isRecent(refusals?.upperBound, at: now) ? refusals : nil
  }

  private func isRecent(_ moment: Duration?, at now: Duration) -> Bool {
    moment.map { now - $0 < Self.pause } ?? false
  }
}
