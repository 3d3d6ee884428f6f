import Drawing
package import WorkerLink

/// How fast a run goes, and when it will be where: from what its first rank tells from time to time.
///
/// Pure. A time that is not known is nil, and one of which a part is not known is a least one.
package struct RunPace: Equatable, Sendable {
  /// When an epoch, or the run, will be done.
  package struct Rest: Equatable, Sendable {
    package let time: Duration
    /// Whether something comes to it of which nobody knows yet how long it takes.
    package var isLeast = false

    /// `1:02:05`, with days where there are any.
    package var text: String {
      let seconds = Int((time / .seconds(1)).rounded())
      let days = seconds >= 86_400 ? "\(seconds / 86_400) d " : ""
      return (isLeast ? "at least " : "") + days + clockTime(seconds: seconds % 86_400)
    }
  }

  /// A place of a run and when it was seen.
  private struct Sample: Equatable {
    let step: Int
    let moment: Duration
  }

  /// Nothing seen yet.
  package init() {}

  /// Steps of this time back tell the pace.
  private static let window = Duration.seconds(60)

  private var epoch: Int?
  private var samples: [Sample] = []
  private var secondsOfStep: Double?
  /// When the last step of the epoch was seen to be done.
  private var endOfSteps: Duration?
  /// What evaluating and saving took after the last epoch.
  private var between: Duration?

  /// Takes in what the first rank says at a moment.
  package mutating func look(_ status: WorkerStatus, at now: Duration) {
    guard let epoch = status.epoch else { return }
    if epoch != self.epoch { begin(epoch, at: now) }
    if let last = samples.last {
      if last.step == status.step { return }
      // Another attempt, which goes on from further back.
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

  /// Until the last step of the epoch.
  package func restOfEpoch(_ status: WorkerStatus) -> Rest? {
    secondsOfStep.map { Rest(time: .seconds($0 * Double(max(0, status.stepsOfEpoch - status.step)))) }
  }

  /// Until the end of the run, with all evaluations and savings.
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
