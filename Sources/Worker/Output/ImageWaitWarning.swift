import Datasets
import Training

/// Warns of steps that wait for their images, once an epoch at most, and again only where the reason is another one.
final class ImageWaitWarning: StepObserver {
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

  func begin(_ epoch: EpochRecord) { (wait, isSaid) = (empty, false) }

  func settle(_ step: StepRecord) {
    wait.add(seconds: step.stepSeconds, waited: step.dataSeconds)
    if wait.all >= Self.first { judge() }
  }

  func finish(_ epoch: EpochRecord) { judge() }

  private func judge() {
    guard !isSaid else { return }
    wait.work = work()
    guard let bottleneck = wait.bottleneck else { return }
    isSaid = true
    guard bottleneck != last else { return }
    last = bottleneck
    warn("warning: \(wait.sentence(bottleneck))")
  }
}
