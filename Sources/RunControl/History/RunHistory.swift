package import Checkpoint
package import Recipe
import Glibc
import WorkerLink

/// A run's history, interpreted from its files; unknown figures are nil.
package struct RunHistory: Equatable, Sendable {
  /// The output folder, in the user's spelling.
  package let output: String?
  package let launcher: String?
  package let ending: Ending
  /// The recorded launches.
  package let launches: [LaunchNote]
  package let log: EpochLog
  package let steps: StepLines
  /// The recipe's values, by dotted name.
  package let values: [String: JSONTree]
  package let record: LaunchRecord?
  package let checkpoint: CheckpointName?
  package let weights: [String: Int?]
  package let written: Double?
  /// Other hosts that are known to share its disk.
  let hostsOnDisk: Set<Int>

  /// How the run ended, if it did.
  package enum Ending: Equatable, Sendable {
    case running
    /// All epochs are trained.
    case done
    /// Saved and stopped early on request.
    case stopped(String?)
    /// Ended with a status, for a reason.
    case failed(CInt, String?)
    /// The launcher died without recording an end.
    case killed
    /// The launcher was on another host and has recorded no end.
    case elsewhere(String)
    /// No record: a worker without a launcher, or an older version.
    case untold
  }

  /// Interprets traces.
  ///
  /// - Parameter host: This host's name.
  package init(_ traces: RunTraces, host: String) {
    (output, launcher, record) = (traces.output, traces.launcher, traces.record)
    (checkpoint, weights, written) = (traces.checkpoint, traces.weights, traces.written)
    (steps, hostsOnDisk) = (traces.steps, traces.hosts)
    log = EpochLog(traces.log)
    launches = LaunchNote.all(in: traces.journal)
    let tree = try? JSONTree(parsing: String(decoding: traces.recipe, as: UTF8.self))
    values = Dictionary((tree?.leaves() ?? []).map { ($0.name, $0.value) }) { $1 }
    ending = Self.ending(traces, launches.last, isTrained: Self.isTrained(log, values), host: host)
  }

  private static func ending(
    _ traces: RunTraces, _ launch: LaunchNote?, isTrained: Bool, host: String
  ) -> Ending {
    if traces.isAlive { return .running }
    guard let launch else { return isTrained ? .done : .untold }
    guard let end = launch.end else { return launch.host == host ? .killed : .elsewhere(launch.host) }
    switch ExitStatus(rawValue: end.status) {
    case .done: return .done
    // A worker without a launcher may have continued since.
    case _ where isTrained && (traces.written ?? 0) > end.moment + 1: return .done
    case .stoppedEarly: return .stopped(end.reason)
    // By `stop --now` or a second signal: nothing was saved, and nothing failed.
    case _ where Self.signals.contains(end.status) && end.reason?.hasPrefix("stopped by") == true:
      return .stopped(end.reason)
    default: return .failed(end.status, end.reason)
    }
  }

  /// The statuses of a launcher that ended its workers at once on SIGINT or SIGTERM.
  private static let signals: Set<CInt> = [128 + SIGINT, 128 + SIGTERM]

  private static func isTrained(_ log: EpochLog, _ values: [String: JSONTree]) -> Bool {
    guard let epochs = values["schedule.epochs"]?.whole, let last = log.last else { return false }
    return last.epoch + 1 >= epochs
  }
}

/// Figures of the run.
extension RunHistory {
  /// Whether nothing shows it to be a run of this project.
  package var isEmpty: Bool {
    launches.isEmpty && log.lines.isEmpty && steps.lines.isEmpty && values["schedule.epochs"] == nil
  }

  package var run: String? { launches.last?.run }
  /// Whether one of its launches had this name.
  func isCalled(_ name: String) -> Bool { launches.contains { $0.run == name } }
  package var model: String? { values["model.name"]?.text }
  /// The initial weights, as named on its command line.
  package var startWeights: String? { record.flatMap { FlagGroups($0.arguments).value(of: "finetune") } }
  /// The planned number of epochs.
  package var epochs: Int? { count("schedule.epochs") }
  /// The number of finished epochs.
  package var epochsDone: Int? { log.last.map { $0.epoch + 1 } ?? (steps.lines.isEmpty ? nil : 0) }
  /// The number of evaluations without improvement that ended it early; nil if it did not end early.
  package var endedFor: Int? {
    guard ending == .done, let epochs, let epochsDone, epochsDone < epochs else { return nil }
    return earlyStop
  }
  /// The number of evaluations without improvement that would end it.
  var earlyStop: Int? { count("judging.earlyStop") }
  /// A count in its recipe; nil if it is missing or out of range.
  private func count(_ name: String) -> Int? {
    values[name]?.whole.flatMap { (0..<1 << 31).contains($0) ? $0 : nil }
  }
  /// The number of finished epochs that a resumed run would repeat, because a full disk had no room for their
  /// checkpoints; nil if unknown.
  package var epochsBehind: Int? {
    guard ending != .running, let done = epochsDone, let checkpoint else { return nil }
    return max(0, done - 1 - checkpoint.epoch)
  }
  /// The number of updates, as far as logged.
  package var updates: Int? { steps.last?.step }
  package var workers: Int? { launches.last?.workers ?? values["worldSize"]?.whole }
  /// The number of hosts.
  package var hosts: Int { launches.last?.hosts ?? 1 }
  /// The loss of the last logged step, or of the last epoch if steps were not logged.
  package var loss: Double? { steps.last.map(\.loss) ?? log.last?.trainLoss }
  /// Over all its steps, without evaluations and the time between launches.
  var imagesPerSecond: Double? { steps.imagesPerSecond }
  package var best: EpochLog.Best? { log.best(\.accuracy1) }
  package var bestAverage: EpochLog.Best? { log.best(\.averageAccuracy1) }

  /// The file with the weights of the best top-1 accuracy, if it still exists.
  package func file(ofBest best: EpochLog.Best, average: Bool) -> String? {
    file(of: best.epoch, isBest: monitor.isAccuracy, average: average)
  }

  func file(of epoch: Int, isBest: Bool, average: Bool) -> String? {
    let names =
      (isBest ? [RunLayout.weights(.best, average: average)] : [])
      + (epoch == log.last?.epoch ? [RunLayout.weights(.last, average: average)] : [])
    // A file that records its epoch may be of another epoch than the figures.
    let name = names.first { name in weights[name].map { ($0 ?? epoch) == epoch } ?? false }
    guard let output, let name else { return nil }
    return "\(output)/\(name)"
  }

  /// The monitored figure, which decides which weights are best.
  package var monitor: Recipe.Judging.Monitor {
    values["judging.monitor"]?.text.flatMap(Recipe.Judging.Monitor.init) ?? .acc1
  }

  /// The best result by another figure than top-1 accuracy.
  package struct Judged: Encodable, Equatable, Sendable {
    package let monitor: String
    package let value: Double
    /// Counted from 0.
    package let epoch: Int
    /// The file with these weights, if it still exists.
    package let file: String?
  }

  /// The best result by the monitored figure; nil if that is top-1 accuracy, or nothing was evaluated.
  package func judged(average: Bool) -> Judged? {
    guard !monitor.isAccuracy else { return nil }
    let isLoss = monitor == .loss
    let best = log.best { line in
      isLoss
        ? (average ? line.averageTestLoss : line.testLoss).map { -$0 }
        : average ? line.averageBalancedAccuracy : line.balancedAccuracy
    }
    return best.map {
      Judged(
        monitor: monitor.rawValue, value: isLoss ? -$0.accuracy : $0.accuracy, epoch: $0.epoch,
        file: file(of: $0.epoch, isBest: true, average: average))
    }
  }

  /// Seconds since 1970; nil if the run began before it was recorded.
  package var began: Double? { launches.first.flatMap { $0.earlierLine == nil ? $0.began : nil } }

  /// Seconds since 1970; nil while it runs, and if it was not recorded.
  package var ended: Double? { ending == .running ? nil : launches.last?.end?.moment }

  /// The time of all launches together, in seconds; nil if one of them is unknown.
  ///
  /// - Parameter now: Seconds since 1970. A killed launcher counts up to its last line.
  package func seconds(at now: Double) -> Double? {
    guard began != nil else { return nil }
    let times = launches.indices.map { index in
      (launches[index].end?.moment ?? lastSign(of: index, at: now)).map { $0 - launches[index].began }
    }
    return times.allSatisfy { ($0 ?? -1) >= 0 } ? times.reduce(0) { $0 + ($1 ?? 0) } : nil
  }

  /// The last sign of life of a launch that recorded no end.
  private func lastSign(of index: Int, at now: Double) -> Double? {
    if index + 1 < launches.count { return launches[index + 1].earlierLine }
    return ending == .running ? now : written
  }

  /// How often its workers were restarted automatically.
  package var restarts: Int { launches.reduce(0) { $0 + $1.failures.count } }

  /// The exit status that `status` returns for it.
  package var exitStatus: CInt {
    switch ending {
    case .running, .done: ExitStatus.done.rawValue
    case .stopped: launches.last?.end?.status ?? ExitStatus.stoppedEarly.rawValue
    case .failed(let status, _): status
    case .killed: ExitStatus.software.rawValue
    case .elsewhere, .untold: 1
    }
  }
}

extension JSONTree {
  /// The value if it is an integer.
  package var whole: Int? { if case .integer(let value) = self { value } else { nil } }
  package var text: String? { if case .text(let value) = self { value } else { nil } }
  package var number: Double? {
    switch self {
    case .integer(let value): Double(value)
    case .real(let value): value
    default: nil
    }
  }
}
