import Drawing
import Recipe
import RunControl

/// How long host 0 is dialled, and what to say where it does not take this host in: pure, told what time it is.
struct Dialling: Equatable, Sendable {
  /// When to give up.
  private(set) var deadline: Duration
  /// The first and the last time that this host was not accepted, without a pause between.
  private var refusals: ClosedRange<Duration>?
  /// When to dial anew where ZeroMQ does not by itself.
  private var nextDial: Duration?

  /// For so long a host 0 that does not accept this one may still be that of an earlier run.
  private static let patience = Duration.seconds(10)
  /// After so long without one, refusals are over.
  private static let pause = Duration.seconds(5)

  init(until deadline: Duration) { self.deadline = deadline }

  /// Why it is over.
  enum Verdict: Equatable, Sendable {
    case unanswered
    /// By whoever has another key, or none, or speaks another protocol: no riddle, but no reason to stop at once either.
    case refused

    /// What to end by.
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

  /// Gives up later by the time for which this launcher was held: no answer could reach it then.
  mutating func postpone(by time: Duration) { deadline += time }

  /// Whoever listens there did not accept this host; whether that is news.
  mutating func noteRefusal(at now: Duration, isDialledOn: Bool) -> Bool {
    let first = refusals.flatMap { now - $0.upperBound < Self.pause ? $0.lowerBound : nil }
    refusals = (first ?? now)...now
    if !isDialledOn { nextDial = now + HostTimeouts.beat }
    return first == nil
  }

  /// Host 0 can be spoken to.
  mutating func noteConnection() { (refusals, nextDial) = (nil, nil) }

  /// Whether to dial anew now.
  mutating func takeDial(at now: Duration) -> Bool {
    guard let moment = nextDial, now >= moment else { return false }
    nextDial = nil
    return true
  }

  /// Nil while it goes on.
  func verdict(at now: Duration) -> Verdict? {
    if let refusals, now - refusals.upperBound < Self.pause,
      now >= min(deadline, refusals.lowerBound + Self.patience)
    {
      return .refused
    }
    return now >= deadline ? .unanswered : nil
  }
}
