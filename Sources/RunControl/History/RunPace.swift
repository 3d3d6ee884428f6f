import Drawing
package import WorkerLink

/// Estimates a run's remaining time from its first rank's states over time; a pure value.
///
/// An unknown time is nil; a time with an unknown part is a lower bound.
package struct RunPace: Equatable, Sendable {
  /// The remaining time of an epoch or of the run.
  package struct Rest: Equatable, Sendable {
    package let time: Duration
    /// Whether a part of unknown length is missing.
    package var isLeast = false

    /// Such as `1:02:05`, with days if there are any.
    package var text: String {
      let seconds = Int((time / .seconds(1)).rounded())
      let days = seconds >= 86_400 ? "\(seconds / 86_400) d " : ""
      return (isLeast ? "at least " : "") + days + clockTime(seconds: seconds % 86_400)
    }
  }

  /// A position in the run, with the time at which it was seen.
  private struct Sample: Equatable {
    let step: Int
    let moment: Duration
  }

  /// Makes an estimate without observations.
  package init() {}

  /// How far back steps determine the pace.
  private static let window = Duration.seconds(60)

  private var epoch: Int?
  private var samples: [Sample] = []
  private var secondsOfStep: Double?
  /// When the epoch's last step was seen.
  private var endOfSteps: Duration?
  /// The duration of evaluating and saving after the last epoch.
  private var between: Duration?

  /// Takes in the first rank's state at a time.
  package mutating func look(_ status: WorkerStatus, at now: Duration) {
    guard let epoch = status.epoch else { return }
    if epoch != self.epoch { begin(epoch, at: now) }
    if let last = samples.last {
      if last.step == status.step { return }
      // Another attempt, which resumes further back.
      if last.step > status.step { samples = [] }
    }
    samples.append(Sample(step: status.step, moment: now))
    while samples.count > 2, now - samples[1].moment > Self.window { samples.removeFirst() }
    if let first = samples.first, let last = samples.last, last.step > first.step {
      secondsOfStep = (last.moment - first.moment) / .seconds(1) / Double(last.step - first.step)
    }
    if status.step >= status.stepsOfEpoch, endOfSteps == nil { endOfSteps = now }
  }

  private mutating func begin(_ epoch: Int, at now: Duration) {
    if let endOfSteps { between = now - endOfSteps }
    (self.epoch, samples, endOfSteps) = (epoch, [], nil)
  }

  /// The time until the last step of the epoch.
  package func restOfEpoch(_ status: WorkerStatus) -> Rest? {
    secondsOfStep.map { Rest(time: .seconds($0 * Double(max(0, status.stepsOfEpoch - status.step)))) }
  }

  /// The time until the end of the run, with all evaluations and saves.
  package func restOfRun(_ status: WorkerStatus) -> Rest? {
    guard let epochs = status.epochs, let epoch = status.epoch, let secondsOfStep,
      let rest = restOfEpoch(status)
    else { return nil }
    let later = Double(max(0, epochs - epoch - 1) * status.stepsOfEpoch) * secondsOfStep
    let pauses = max(0, epochs - epoch)
    return Rest(
      time: rest.time + .seconds(later) + (between ?? .zero) * pauses, isLeast: between == nil && pauses > 0)
  }
}
