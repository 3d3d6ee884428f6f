import Datasets
import Training

/// Warns of steps or evaluations that wait for their images, once an epoch at most, and again only where the reason is another one.
final class ImageWaitWarning {
  private let empty: ImageWait
  private let work: () -> LoaderWork
  private let warn: (String) -> Void
  private var wait: ImageWait
  private var isSaid = false
  private var last: ImageWait.Bottleneck?

  /// So long an epoch goes on before it is judged, unless it ends before.
  private static let first = 60.0

  /// Of a loader whose work in the epoch so far `work` tells.
  init(_ empty: ImageWait, work: @escaping () -> LoaderWork, warn: @escaping (String) -> Void) {
    (self.empty, self.work, self.warn) = (empty, work, warn)
    wait = empty
  }

  /// Begins a pass over the images.
  func begin() { (wait, isSaid) = (empty, false) }

  /// Hears of a part of it.
  func add(seconds: Double, waited: Double) {
    wait.add(seconds: seconds, waited: waited)
    if wait.all >= Self.first { judge() }
  }

  /// Warns at the end of a pass where it has not done so yet, and there is a reason.
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
