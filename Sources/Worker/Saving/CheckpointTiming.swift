import Training

/// A step that all ranks have made, as each of them sees it.
struct FinishedStep: Equatable {
  /// Its number in the run, from 1.
  let number: Int
  /// Whether it is the last of its epoch, whose end is saved anyway.
  let endsEpoch: Bool
  /// The union of all ranks' signals.
  let signals: RankSignals
}

/// Decides after which steps all ranks save; pure, from inputs that are equal on all ranks.
struct CheckpointTiming {
  /// The steps between two checkpoints; 0 for none inside an epoch.
  let every: Int
  private var isDue = false
  private var isAskedFor = false
  private var wasAskedBefore = false

  init(every: Int) { self.every = every }

  /// Whether to save after this step; a save that is due while another is under way stays due.
  mutating func saves(after step: FinishedStep) -> Bool {
    // A signal to all ranks may reach some of them a step later; that is the same request.
    let isAsked = step.signals.contains(.save)
    if isAsked, !wasAskedBefore { isAskedFor = true }
    wasAskedBefore = isAsked
    if every > 0, step.number.isMultiple(of: every) { isDue = true }
    // Stopping saves by itself.
    if step.signals.contains(.stop) { return false }
    return (isDue || isAskedFor) && !step.endsEpoch && !step.signals.contains(.isSaving)
  }

  /// Makes a save due after the next step that finds none under way.
  mutating func postpone() { isDue = true }

  /// Counts a save that begins; returns whether somebody asked for it.
  mutating func begin() -> Bool {
    defer { (isDue, isAskedFor) = (false, false) }
    return isAskedFor
  }
}
