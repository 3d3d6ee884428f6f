import Board

/// How long a worker may be busy with one thing before it counts as stuck.
struct HangBudgets: Equatable, Sendable {
  /// For waiting for pictures, and for each part of a step.
  let step: Duration
  /// For starting, which loads libraries and lists folders.
  let start: Duration
  /// For one batch of an evaluation, or for a checkpoint.
  let long: Duration

  /// Starting may always take this long: it does not become quicker when steps do.
  private static let shortestStart = Duration.seconds(60)

  /// The budgets that go with `--hang-timeout`.
  init(step: Duration) {
    self.step = step
    start = max(Self.shortestStart, step * 2)
    long = step * 2
  }

  /// The budget of a section.
  func budget(for section: Section) -> Duration {
    switch section {
    case .start, .done: start
    case .data, .forward, .backward, .communicate, .optimizer: step
    case .evaluate, .checkpoint: long
    }
  }

  /// How long a worker's ring waits for a silent neighbour: longer than the launcher, which knows more of all.
  var ringPatience: Duration { long + .seconds(10) }

  /// How often to look.
  var interval: Duration { min(.seconds(1), max(.milliseconds(50), step / 10)) }
}
