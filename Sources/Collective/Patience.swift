/// How long a rank goes on waiting.
///
/// When one rank stops, all others fall silent at about the same time, and only the rank after it knows whom to blame:
/// of all ranks it has heard nothing of the operation. The others give it `grace` to speak first.
struct Patience {
  let silence: Duration
  private let grace: Duration
  private var lastHeard = ContinuousClock.now
  private var hurriedEnd: ContinuousClock.Instant?

  init(silence: Duration, grace: Duration) {
    self.silence = silence
    self.grace = grace
  }

  /// Starts to count anew, as a neighbour has given or taken something.
  mutating func restart() {
    lastHeard = .now
    hurriedEnd = nil
  }

  /// Leaves only the grace, from the first call on: the next rank is gone, and the rank after it may still say so.
  mutating func hurry() { hurriedEnd = hurriedEnd ?? .now + grace }

  func deadline(hasHeard: Bool) -> ContinuousClock.Instant {
    let end = lastHeard + silence + (hasHeard ? grace : .zero)
    return min(end, hurriedEnd ?? end)
  }
}
