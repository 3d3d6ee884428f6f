/// How long a rank goes on waiting for its neighbours.
///
/// When one rank stops, all others fall silent at about the same time, and only the rank after it may blame the one
/// before itself. So a rank that has waited in silence first tells the next one that it lives and waits. Whoever then
/// hears nothing from the rank before blames it after `grace`; the others give that one's word time to come round.
struct SilenceTimer {
  let silence: Duration
  private let grace: Duration
  private var lastHeard = ContinuousClock.now
  private var hurriedEnd: ContinuousClock.Instant?
  /// Whether the next rank has been told that this one waits.
  private(set) var hasShownLife = false
  /// Whether the previous rank has told that it waits, so that it is hardly the cause.
  private(set) var previousLives = false

  init(silence: Duration, grace: Duration) {
    self.silence = silence
    self.grace = grace
  }

  /// Starts to count anew, as a neighbour has given or taken something.
  mutating func restart() { self = SilenceTimer(silence: silence, grace: grace) }

  /// Leaves only the grace, from the first call on: the next rank is gone, and the rank after it may still say so.
  mutating func hurry() { hurriedEnd = hurriedEnd ?? .now + grace }

  /// Notes that this rank has told the next one that it waits.
  mutating func showLife() { hasShownLife = true }

  /// Notes that the previous rank waits as this one does.
  mutating func heardLife() { previousLives = true }

  /// When something is to be done: life shown, and after that a rank blamed.
  var deadline: ContinuousClock.Instant {
    let graces = !hasShownLife ? 0 : previousLives ? 2 : 1
    let end = lastHeard + silence + grace * graces
    return min(end, hurriedEnd ?? end)
  }
}
