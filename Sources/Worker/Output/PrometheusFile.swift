import Drawing
import Foundation
import Glibc
import System
import Training

/// A file of a run's metrics, for collectors such as node_exporter's text collector.
///
/// The file is replaced as a whole, at most once in a few seconds, and stays when the run has ended: its last
/// lines say when the run was last heard of.
final class PrometheusFile: StepObserver {
  private let path: String
  private let run: String
  private let epochs: Int
  private let now: () -> Double
  private var figures: [PrometheusMetric] = []
  private var best: BestAccuracy
  private var watch = Stopwatch()
  private var written = 0.0
  private var steps = 0
  private var isInTrouble = false

  /// Seconds between two writes; a collector usually reads four times a minute.
  private static let pause = 5.0

  /// Writes metrics to a path.
  ///
  /// - Parameters:
  /// - run: A label that identifies the run: its output folder.
  /// - best: The best accuracies of earlier epochs.
  init(
    _ path: String, run: String, epochs: Int, best: BestAccuracy,
    now: @escaping () -> Double = { Date().timeIntervalSince1970 }
  ) {
    (self.path, self.run, self.epochs, self.best, self.now) = (path, run, epochs, best, now)
  }

  func begin(_ epoch: EpochRecord) { (watch, steps) = (Stopwatch(), 0) }

  func settle(_ step: StepRecord) {
    steps += 1
    guard now() - written >= Self.pause || step.place.steps == step.epochSteps else { return }
    set(.epoch, Double(step.epoch))
    set(.epochs, Double(epochs))
    set(.epochProgress, Double(step.place.steps) / Double(max(1, step.epochSteps)))
    set(.updates, Double(step.updates))
    set(.loss, step.loss)
    set(.learningRate, step.learningRate)
    set(.gradientNorm, step.gradientNorm)
    set(.imagesPerSecond, Double(steps * step.images) / watch.lap())
    set(.stepSeconds, step.stepSeconds)
    set(.dataSeconds, step.dataSeconds)
    set(.exposedSeconds, step.communication.exposedSeconds)
    steps = 0
    write()
  }

  func finish(_ summary: EpochSummary) {
    best = best.with(summary.tally, average: summary.averageTally)
    set(.finishedEpochs, Double(summary.epoch + 1))
    if let tally = summary.tally {
      set(.accuracy1, tally.accuracy1)
      set(.accuracy5, tally.accuracy5)
      set(.evaluationLoss, tally.meanLoss)
      tally.balancedAccuracy.map { set(.balancedAccuracy, $0) }
      set(.bestAccuracy1, best.own)
    }
    if let tally = summary.averageTally {
      set(.averageAccuracy1, tally.accuracy1)
      set(.averageAccuracy5, tally.accuracy5)
      set(.averageEvaluationLoss, tally.meanLoss)
      tally.balancedAccuracy.map { set(.averageBalancedAccuracy, $0) }
      set(.averageBestAccuracy1, best.average)
    }
    write()
  }

  private func set(_ figure: RunFigure, _ value: Double) {
    let metric = PrometheusMetric(figure, value)
    if let place = figures.firstIndex(where: { $0.figure == figure }) {
      figures[place] = metric
    } else {
      figures.append(metric)
    }
  }

  private func write() {
    written = now()
    set(.lastHeard, written)
    let failure = replaceFile(by: Array(figures.map { $0.text(run: run) }.joined().utf8))
    if let failure, !isInTrouble {
      Console.warn(
        "warning: --prometheus: cannot write \(path): \(errorText(failure)). Training goes on."
      )
    }
    isInTrouble = failure != nil
  }

  /// Replaces the file without waiting for the disk: after a crash there is nothing to collect.
  private func replaceFile(by bytes: [UInt8]) -> CInt? {
    let temporary = "\(path).\(getpid())"
    guard let file = Descriptor(open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o666)) else {
      return errno
    }
    let failure = bytes.withUnsafeBytes { writeAll($0, to: file.number).failure }
    if failure == nil, rename(temporary, path) == 0 { return nil }
    defer { unlink(temporary) }
    return failure ?? errno
  }
}
