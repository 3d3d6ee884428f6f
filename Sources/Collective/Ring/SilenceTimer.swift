/// How long a rank waits for its neighbours before it blames one.
///
/// When one rank stops, all others fall silent at about the same time, and only the rank right after it can
/// blame the right one. So a rank that has waited for `silence` first tells the next rank that it is alive
/// and waiting. A rank that then hears nothing from the rank before it blames that one after `grace`; all
/// others wait a second `grace` for that verdict to reach them.
struct SilenceTimer {
  let silence: Duration
  private let grace: Duration
  private var lastHeard = ContinuousClock.now
  private var hurriedEnd: ContinuousClock.Instant?
  /// Whether the next rank has been told that this one waits.
  private(set) var hasShownLife = false
  /// Whether the previous rank has said that it waits, so that it is probably not the cause.
  private(set) var previousLives = false

  init(silence: Duration, grace: Duration) {
    self.silence = silence
    self.grace = grace
  }

  /// Restarts the count, because a neighbour has sent or taken something.
  mutating func restart() { self = SilenceTimer(silence: silence, grace: grace) }

  /// Shortens the wait to `grace` from the first call on, because the next rank is gone; ranks behind it may
  /// still explain why.
  mutating func hurry() { hurriedEnd = hurriedEnd ?? .now + grace }

  /// Notes that this rank has told the next one that it waits.
  mutating func showLife() { hasShownLife = true }

  /// Notes that the previous rank has said that it waits.
  mutating func heardLife() { previousLives = true }

  /// When to act: first to show life, then to blame a rank.
  var deadline: ContinuousClock.Instant {
    let graces = !hasShownLife ? 0 : previousLives ? 2 : 1
    let end = lastHeard + silence + grace * graces
    return min(end, hurriedEnd ?? end)
  }
}
