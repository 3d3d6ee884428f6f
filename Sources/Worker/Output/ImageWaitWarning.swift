import Datasets
import Training

/// Warns about steps or evaluations that wait for images, at most once per epoch, and again only for another
/// cause.
final class ImageWaitWarning {
  private let empty: ImageWait
  private let work: () -> LoaderWork
  private let warn: (String) -> Void
  private var wait: ImageWait
  private var isSaid = false
  private var last: ImageWait.Bottleneck?

  /// Seconds of an epoch before it is judged, unless it ends earlier.
  private static let first = 60.0

  /// Watches a loader, whose work in the epoch so far `work` returns.
  init(_ empty: ImageWait, work: @escaping () -> LoaderWork, warn: @escaping (String) -> Void) {
    (self.empty, self.work, self.warn) = (empty, work, warn)
    wait = empty
  }

  /// Begins a pass over the images.
  func begin() { (wait, isSaid) = (empty, false) }

  /// Adds a step or batch of the pass.
  func add(seconds: Double, waited: Double) {
    wait.add(seconds: seconds, waited: waited)
    if wait.all >= Self.first { judge() }
  }

  /// Warns at the end of a pass if there is a reason and no warning yet.
  func judge() {
    guard !isSaid else { return }
    wait.work = work()
    guard let bottleneck = wait.bottleneck else { return }
    isSaid = true
    guard bottleneck != last else { return }
    last = bottleneck
    warn("warning: \(wait.sentence(bottleneck))")
  }
}

extension ImageWaitWarning: StepObserver {
  func begin(_ epoch: EpochRecord) { begin() }

  func settle(_ step: StepRecord) { add(seconds: step.stepSeconds, waited: step.dataSeconds) }

  func finish(_ epoch: EpochRecord) { judge() }
}
