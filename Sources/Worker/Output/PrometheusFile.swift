import Foundation
import Glibc
import System
import Training

/// A run's figures in a file of their own, for whoever collects files of metrics: node_exporter's text collector.
///
/// The file is replaced as a whole, at most once in a few seconds, and stays when the run is over: its last lines say when
/// the run was last heard of.
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

  /// Seconds between two writings: a collector looks four times a minute as a rule.
  private static let pause = 5.0

  /// - Parameters:
  ///   - run: What tells this run from others, as a label: its output folder.
  ///   - best: The best accuracies of the epochs before.
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
    set("epoch", "Epoch that the run is in, counted from 0.", Double(step.epoch))
    set("epochs", "Epochs that the run is to have.", Double(epochs))
    set(
      "epoch_progress_ratio", "How far the epoch is.",
      Double(step.place.steps) / Double(max(1, step.epochSteps)))
    set("updates_total", "Updates of the weights so far.", Double(step.updates), kind: "counter")
    set("loss", "Mean loss of the last step over all ranks.", step.loss)
    set("learning_rate", "Rate of the last update.", step.learningRate)
    set("gradient_norm", "L2 norm of the last gradient, before clipping.", step.gradientNorm)
    set(
      "images_per_second", "Training images a second of all ranks.", Double(steps * step.images) / watch.lap()
    )
    set("step_seconds", "What the last step took on rank 0.", step.stepSeconds)
    set("data_seconds", "For how long rank 0 waited for the images of the last step.", step.dataSeconds)
    set(
      "exchange_exposed_seconds", "For how long rank 0 waited for other ranks in the last step.",
      step.communication.exposedSeconds)
    steps = 0
    write()
  }

  func finish(_ summary: EpochSummary) {
    best = best.with(summary.tally, average: summary.averageTally)
    set("finished_epochs", "Epochs that are done.", Double(summary.epoch + 1))
    for (name, tally, best) in [
      ("", summary.tally, best.own), ("_ema", summary.averageTally, best.average),
    ] {
      guard let tally else { continue }
      let weights = name.isEmpty ? "" : ", by the averaged weights"
      set("eval\(name)_acc1_percent", "Acc@1 after the last epoch\(weights).", tally.accuracy1)
      set("eval\(name)_acc5_percent", "Acc@5 after the last epoch\(weights).", tally.accuracy5)
      set(
        "eval\(name)_loss", "Mean loss of the held-out images after the last epoch\(weights).", tally.meanLoss
      )
      if let balanced = tally.balancedAccuracy {
        set(
          "eval\(name)_balanced_acc_percent", "Mean recall of the classes after the last epoch\(weights).",
          balanced)
      }
      set("eval\(name)_best_acc1_percent", "Best Acc@1 of all epochs\(weights).", best)
    }
    write()
  }

  private func set(_ name: String, _ help: String, _ value: Double, kind: String = "gauge") {
    let metric = PrometheusMetric(name: "twins_\(name)", help: help, kind: kind, value: value)
    if let place = figures.firstIndex(where: { $0.name == metric.name }) {
      figures[place] = metric
    } else {
      figures.append(metric)
    }
  }

  private func write() {
    written = now()
    set("last_heard_timestamp_seconds", "When the run wrote this, in seconds since 1970.", written)
    let failure = replaceFile(by: Array(figures.map { $0.text(run: run) }.joined().utf8))
    if let failure, !isInTrouble {
      Console.warn(
        "warning: --prometheus: cannot write \(path): \(String(cString: strerror(failure))). Training goes on."
      )
    }
    isInTrouble = failure != nil
  }

  /// Puts a new file in the place of the last one, and waits for no disk: after a crash there is nothing to collect.
  private func replaceFile(by bytes: [UInt8]) -> CInt? {
    let temporary = "\(path).\(getpid())"
    guard let file = Descriptor(open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)) else {
      return errno
    }
    let failure = bytes.withUnsafeBytes { writeAll($0, to: file.number).failure }
    if failure == nil, rename(temporary, path) == 0 { return nil }
    defer { unlink(temporary) }
    return failure ?? errno
  }
}

/// A figure in Prometheus's text format, version 0.0.4.
struct PrometheusMetric: Equatable {
  let name: String
  let help: String
  /// `gauge`, or `counter` for what only grows.
  let kind: String
  let value: Double

  /// What it means, of what kind it is, and its value for a run.
  func text(run: String) -> String {
    let label = run.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("\n", with: "\\n")
    let number = value.isNaN ? "NaN" : value.isInfinite ? (value > 0 ? "+Inf" : "-Inf") : "\(value)"
    return "# HELP \(name) \(help)\n# TYPE \(name) \(kind)\n\(name){run=\"\(label)\"} \(number)\n"
  }
}
