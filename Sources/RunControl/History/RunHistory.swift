package import Checkpoint
package import Recipe
import Glibc
import WorkerLink

/// What became of a run, from what it left: a figure that nothing tells is nil.
package struct RunHistory: Equatable, Sendable {
  /// Its output folder, as the user may name it.
  package let output: String?
  package let launcher: String?
  package let ending: Ending
  /// Its launches, as far as they were noted.
  package let launches: [LaunchNote]
  package let log: EpochLog
  package let steps: StepLines
  /// Its values, by their dotted names.
  package let values: [String: JSONTree]
  package let record: LaunchRecord?
  package let checkpoint: CheckpointName?
  package let weights: [String: Int?]
  package let written: Double?
  /// The hosts beside the first that are known to see its disk.
  let hostsOnDisk: Set<Int>

  /// How it ended, if it did.
  package enum Ending: Equatable, Sendable {
    case running
    /// Every epoch is trained.
    case done
    /// Saved before its end, by request.
    case stopped(String?)
    /// With a status, and why.
    case failed(CInt, String?)
    /// Its launcher went without a word.
    case killed
    /// Its launcher was on another host, and has not said that it ended.
    case elsewhere(String)
    /// Nobody noted it: a worker without a launcher, or an older one.
    case untold
  }

  /// - Parameter host: What this host calls itself.
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
    // A worker without the launcher may have gone on since.
    case _ where isTrained && (traces.written ?? 0) > end.moment + 1: return .done
    case .stoppedEarly: return .stopped(end.reason)
    // By stop --now, or a second signal: nothing was saved, and nothing failed.
    case _ where Self.signals.contains(end.status) && end.reason?.hasPrefix("stopped by") == true:
      return .stopped(end.reason)
    default: return .failed(end.status, end.reason)
    }
  }

  /// What a launcher ends with that had SIGINT or SIGTERM end its workers at once.
  private static let signals: Set<CInt> = [128 + SIGINT, 128 + SIGTERM]

  private static func isTrained(_ log: EpochLog, _ values: [String: JSONTree]) -> Bool {
    guard let epochs = values["schedule.epochs"]?.whole, let last = log.last else { return false }
    return last.epoch + 1 >= epochs
  }
}

/// Figures.
extension RunHistory {
  /// Whether it is a run of ours, or looks like one.
  package var isEmpty: Bool {
    launches.isEmpty && log.lines.isEmpty && steps.lines.isEmpty && values["schedule.epochs"] == nil
  }

  package var run: String? { launches.last?.run }
  /// Whether one of its launches had this name: each has one of its own, where none was given.
  func isCalled(_ name: String) -> Bool { launches.contains { $0.run == name } }
  package var model: String? { values["model.name"]?.text }
  /// The weights that it began with, as its command line names them.
  package var startWeights: String? { record.flatMap { FlagGroups($0.arguments).value(of: "finetune") } }
  /// How many it was to have.
  package var epochs: Int? { count("schedule.epochs") }
  /// How many are finished.
  package var epochsDone: Int? { log.last.map { $0.epoch + 1 } ?? (steps.lines.isEmpty ? nil : 0) }
  /// The evaluations without anything better after which it ended before its last epoch; nil where it did not.
  package var endedFor: Int? {
    guard ending == .done, let epochs, let epochsDone, epochsDone < epochs else { return nil }
    return earlyStop
  }
  /// Evaluations without anything better after which it would end.
  var earlyStop: Int? { count("judging.earlyStop") }
  /// A number of its recipe; nil for one that no recipe has.
  private func count(_ name: String) -> Int? {
    values[name]?.whole.flatMap { (0..<1 << 31).contains($0) ? $0 : nil }
  }
  /// Finished epochs that the run would do again if it went on, since a full disk had no room for their checkpoints; 0 where there are
  /// none, and nil where that is not known.
  package var epochsBehind: Int? {
    guard ending != .running, let done = epochsDone, let checkpoint else { return nil }
    return max(0, done - 1 - checkpoint.epoch)
  }
  /// Updates, as far as lines tell.
  package var updates: Int? { steps.last?.step }
  package var workers: Int? { launches.last?.workers ?? values["worldSize"]?.whole }
  /// How many hosts it had.
  package var hosts: Int { launches.last?.hosts ?? 1 }
  /// Of the last logged step, or of an epoch where steps were not logged.
  package var loss: Double? { steps.last.map(\.loss) ?? log.last?.trainLoss }
  /// Of all its steps together, without evaluations and what is between launches.
  var imagesPerSecond: Double? { steps.imagesPerSecond }
  package var best: EpochLog.Best? { log.best(\.accuracy1) }
  package var bestAverage: EpochLog.Best? { log.best(\.averageAccuracy1) }

  /// The file that holds the weights that were best by Acc@1, where it is still there.
  package func file(ofBest best: EpochLog.Best, average: Bool) -> String? {
    file(of: best.epoch, isBest: monitor.isAccuracy, average: average)
  }

  func file(of epoch: Int, isBest: Bool, average: Bool) -> String? {
    let names =
      (isBest ? [RunLayout.weights(.best, average: average)] : [])
      + (epoch == log.last?.epoch ? [RunLayout.weights(.last, average: average)] : [])
    // A file that says of which epoch it is may be of another one than the figures tell.
    let name = names.first { name in weights[name].map { ($0 ?? epoch) == epoch } ?? false }
    guard let output, let name else { return nil }
    return "\(output)/\(name)"
  }

  /// What decides which weights are the best.
  package var monitor: Recipe.Judging.Monitor {
    values["judging.monitor"]?.text.flatMap(Recipe.Judging.Monitor.init) ?? .acc1
  }

  /// The best by another figure than Acc@1.
  package struct Judged: Encodable, Equatable, Sendable {
    package let monitor: String
    package let value: Double
    /// Counted from 0.
    package let epoch: Int
    /// That holds the weights, where it is still there.
    package let file: String?
  }

  /// The best by what the run is judged by; nil where that is Acc@1, and where nothing was evaluated.
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

  /// Seconds since 1970; nil where the run had begun before anybody noted it.
  package var began: Double? { launches.first.flatMap { $0.earlierLine == nil ? $0.began : nil } }

  /// Seconds since 1970; nil while it runs, and where nobody noted it.
  package var ended: Double? { ending == .running ? nil : launches.last?.end?.moment }

  /// Seconds that it ran, all launches together; nil where one of them is not known.
  ///
  /// - Parameter now: Seconds since 1970. A launcher that was killed counts up to its last line.
  package func seconds(at now: Double) -> Double? {
    guard began != nil else { return nil }
    let times = launches.indices.map { index in
      (launches[index].end?.moment ?? lastSign(of: index, at: now)).map { $0 - launches[index].began }
    }
    return times.allSatisfy { ($0 ?? -1) >= 0 } ? times.reduce(0) { $0 + ($1 ?? 0) } : nil
  }

  /// When a launch that noted no end was last heard of.
  private func lastSign(of index: Int, at now: Double) -> Double? {
    if index + 1 < launches.count { return launches[index + 1].earlierLine }
    return ending == .running ? now : written
  }

  /// How often its workers were started again without anybody asking.
  package var restarts: Int { launches.reduce(0) { $0 + $1.failures.count } }

  /// The status to end with for it, as `status` does.
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
  /// A whole number.
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
