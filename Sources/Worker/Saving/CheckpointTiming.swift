import Training

/// A step that all ranks have made, as all of them see it.
struct FinishedStep: Equatable {
  /// Its number in the run, counted from 1.
  let number: Int
  /// Whether it is the last of its epoch, whose end saves anyway.
  let endsEpoch: Bool
  /// What any rank was asked for or is busy with.
  let signals: RankSignals
}

/// After which steps all ranks save: pure, and fed with what all ranks know alike.
struct CheckpointTiming {
  /// Steps from one checkpoint to the next; 0 for none inside an epoch.
  let every: Int
  private var isDue = false
  private var isAskedFor = false
  private var wasAskedBefore = false

  init(every: Int) { self.every = every }

  /// Whether to save after this step. What is due while a save is under way stays due.
  mutating func saves(after step: FinishedStep) -> Bool {
    // One signal to all ranks may reach some of them a step later: that is the same wish.
    let isAsked = step.signals.contains(.save)
    if isAsked, !wasAskedBefore { isAskedFor = true }
    wasAskedBefore = isAsked
    if every > 0, step.number.isMultiple(of: every) { isDue = true }
    // What stops a run saves by itself.
    if step.signals.contains(.stop) { return false }
    return (isDue || isAskedFor) && !step.endsEpoch && !step.signals.contains(.isSaving)
  }

  /// Makes a save due after the next step that finds none under way.
  mutating func postpone() { isDue = true }

  /// Counts a save that begins; whether somebody asked for it.
  mutating func begin() -> Bool {
    defer { (isDue, isAskedFor) = (false, false) }
    return isAskedFor
  }
}
