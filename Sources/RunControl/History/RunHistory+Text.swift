import Checkpoint
import Drawing
import Recipe
import System

/// The history as text for people.
extension RunHistory {
  /// Everything known, one line each, with the suggested commands; `sparkline` draws a curve in a given
  /// number of characters.
  ///
  /// - Parameter width: The columns into which reasons are wrapped; nil does not wrap.
  package func text(
    at now: Double, tellsNext: Bool = true, width: Int? = nil,
    _ sparkline: (_ values: [Double], _ width: Int) -> String
  ) -> String {
    let rows =
      [
        ("model", modelText), ("image flags", flagText(Self.ofImages)),
        ("other flags", flagText(Self.ofChoices)), ("class weights", classWeightText),
        ("epochs", progressText), ("checkpoint", checkpointText), ("best", judgedText(average: false)),
        (name(ofBest: "best"), bestText(best, average: false)), ("best EMA", judgedText(average: true)),
        (name(ofBest: "best EMA"), bestText(bestAverage, average: true)), ("last", lastText(average: false)),
        ("last EMA", lastText(average: true)), ("loss", lossText(sparkline)), ("speed", speedText),
        ("began", began.map { localTime($0) }),
        (ended == nil ? "last line" : "ended", endText),
      ].compactMap { name, value in value.map { [name, $0] } }
    let reasons = [("reason", reason.map { masked($0) }), ("restarts", restartText)]
      .compactMap { name, value in value.map { (name, $0) } }
    let commands = (tellsNext ? next : []).map { [$0.purpose, $0.command] }
    // Commands are copied, so they are not wrapped.
    let names = (rows + commands).map { $0[0].count } + reasons.map { $0.0.count }
    let room = width.map { max(20, $0 - (names.max() ?? 0) - 4) } ?? .max
    let broken = reasons.flatMap { name, value in
      wrapped(value[...], to: room, then: room).enumerated().map { [$0 == 0 ? name : "", String($1)] }
    }
    let table = columns((rows + broken + commands).map { ["  \($0[0])", $0[1]] })
    return ([heading(at: now)] + table).joined(separator: "\n")
  }

  /// The run's name, its outcome and its duration.
  package func heading(at now: Double) -> String {
    let name = output ?? launcher ?? ""
    let took =
      seconds(at: now).map { ", \(ending == .running ? "for" : "after") \(elapsed(.seconds($0)))" } ?? ""
    let launched = launches.count > 1 ? " in \(launches.count) launches" : ""
    return "run \(run.map { masked($0) } ?? masked(name)): \(endingText)\(took)\(launched)"
  }

  private var endingText: String {
    switch ending {
    case .running: "running"
    case .done: "done"
    case .stopped: "stopped early, resumable"
    case .failed(let status, _):
      "failed with status \(status)" + (ExitStatus(rawValue: status).map { " (\($0.meaning))" } ?? "")
    case .killed: "its launcher was killed"
    case .elsewhere(let host): "begun on host \(masked(host)), and not known here to have ended"
    case .untold: "ended, or was killed: nothing tells how"
    }
  }

  /// The state in a word, for tables.
  package var state: String {
    switch ending {
    case .running: "running"
    case .done: "done"
    case .stopped: "stopped"
    case .failed: "failed"
    case .killed: "killed"
    case .elsewhere: "elsewhere"
    case .untold: "unknown"
    }
  }

  /// Why it ended as it did, if that was recorded.
  package var reason: String? {
    switch ending {
    case .stopped(let reason), .failed(_, let reason): reason
    case .running, .done, .killed, .elsewhere, .untold: nil
    }
  }

  private var modelText: String? {
    let parts = [
      model.map { masked($0) }, log.last?.parameters.map { "\(grouped($0)) \(noun($0, "parameter"))" },
      workers.map { counted($0, "worker") },
    ].compactMap(\.self)
    return parts.isEmpty ? nil : parts.joined(separator: ", ")
  }

  /// Values that change images for the network, with their flags.
  private static let ofImages = [
    ("data.inputSize", "--input-size"), ("data.cropPercent", "--crop-pct"), ("data.cropMode", "--crop-mode"),
    ("data.means", "--mean"), ("data.deviations", "--std"), ("data.verticalFlip", "--vflip"),
    ("data.decodesFast", "--fast-decode"), ("judging.mirrors", "--tta"),
  ]

  /// Values that select images, and weights, with their flags.
  private static let ofChoices = [("data.sampling", "--sampler"), ("judging.monitor", "--monitor")]

  /// Those of these values that differ from the reference's.
  private func flagText(_ telling: [(String, String)]) -> String? {
    let reference = Recipe().tree
    let flags = telling.compactMap { name, flag -> String? in
      guard let value = values[name], value != reference.leaf(name) else { return nil }
      return value == .truth(true) ? flag : "\(flag) \(value)"
    }
    return flags.isEmpty ? nil : flags.joined(separator: " ")
  }

  private var classWeightText: String? {
    guard let source = values["loss.classWeights"], let path = source.text, !path.isEmpty else { return nil }
    guard let said = values["loss.weightsOfFile"], said.text?.isEmpty == false else { return "\(source)" }
    return "\(said), as \(source) said"
  }

  private var progressText: String? {
    guard let done = epochsDone else { return epochs.map { "0 of \($0)" } }
    // Between two ends of epochs only some steps are logged; a checkpoint has its last step's number.
    let noted = steps.last.flatMap { $0.epoch >= done ? $0.stepOfEpoch : nil }
    let saved = checkpoint.flatMap { $0.epoch == done ? $0.step : nil }.flatMap {
      $0 >= noted ?? 0 ? $0 : nil
    }
    let isExact = ending != .running && saved != nil
    let part = (isExact ? saved : noted).map {
      ", and \(counted($0, "step"))\(isExact ? "" : " or more") of the next"
    }
    let rest = part == nil || isExact && saved == noted ? "" : " or more"
    return "\(done)\(epochs.map { " of \($0)" } ?? "")\(part ?? "")"
      + (endedFor == nil ? "" : ", ended early")
      + (updates.map { "; \(grouped($0)) \(noun($0, "update"))\(rest)" } ?? "")
  }

  /// A note if the checkpoint is older than the run's latest results.
  private var checkpointText: String? {
    guard let checkpoint, let epochsBehind, epochsBehind > 0 else { return nil }
    return
      "\(checkpoint), \(counted(epochsBehind, "epoch")) behind: a run that goes on does \(epochsBehind == 1 ? "it" : "them") again"
  }

  /// If another figure is monitored, the best top-1 accuracy is labelled as such.
  private func name(ofBest name: String) -> String { monitor.isAccuracy ? name : "\(name) Acc@1" }

  private func judgedText(average: Bool) -> String? {
    judged(average: average).map { best in
      "\(monitor.title) " + (monitor == .loss ? decimal(best.value, 4) : "\(decimal(best.value, 2)) %")
        + " in epoch \(best.epoch)" + (best.file.map { ": \(masked($0))" } ?? "")
    }
  }

  private func bestText(_ best: EpochLog.Best?, average: Bool) -> String? {
    best.map { best in
      (monitor.isAccuracy ? "Acc@1 " : "") + "\(decimal(best.accuracy, 2)) % in epoch \(best.epoch)"
        + (file(ofBest: best, average: average).map { ": \(masked($0))" } ?? "")
    }
  }

  /// The last finished epoch's results, and the file of its weights.
  private func lastText(average: Bool) -> String? {
    guard let last = log.last else { return nil }
    let accuracy = average ? last.averageAccuracy1 : last.accuracy1
    let file = file(of: last.epoch, isBest: false, average: average)
    guard accuracy != nil || file != nil else { return nil }
    return (accuracy.map { "Acc@1 \(decimal($0, 2)) % in " } ?? "") + "epoch \(last.epoch)"
      + (file.map { ": \(masked($0))" } ?? "")
  }

  private var speedText: String? { imagesPerSecond.map { "\(decimal($0, 1)) images/s over all steps" } }

  private func lossText(_ sparkline: (_ values: [Double], _ width: Int) -> String) -> String? {
    let curve = lossCurve.map(\.y)
    guard curve.count > 1, let first = curve.first, let last = curve.last else {
      return loss.map { decimal($0, 4) }
    }
    return "\(decimal(first, 3)) \(sparkline(curve, 40)) \(decimal(last, 3))"
  }

  private var endText: String? { (ended ?? (ending == .running ? nil : written)).map { localTime($0) } }

  private var restartText: String? {
    guard restarts > 0 else { return nil }
    let last = launches.last { !$0.failures.isEmpty }?.failures.last ?? ""
    return "\(restarts)\(last.isEmpty ? "" : ", the last after: \(masked(last))")"
  }
}

/// The history for scripts: the keys of a live run's status, and more.
package struct HistoryReport: Encodable, Sendable {
  let run: String?
  let output: String?
  let state: String
  /// Nil while it runs: only its launcher knows.
  let healthy: Bool?
  let ranks: [RunStatus.Rank] = []
  let launcher: Int32?
  let attempt: Int?
  let uptimeSeconds: Double?
  let epoch: Int?
  let step: Int?
  let loss: Double?
  let imagesPerSecond: Double?
  let model: String?
  let parameters: Int?
  let workers: Int?
  let epochs: Int?
  let epochsDone: Int?
  let updates: Int?
  let best: Best?
  let bestEma: Best?
  let judged: RunHistory.Judged?
  let began: Double?
  let ended: Double?
  let lastLine: Double?
  let status: CInt?
  let reason: String?
  let launches: Int
  let restarts: Int
  let next: [NextCommand]

  struct Best: Encodable, Sendable {
    let acc1: Double
    let epoch: Int
    let file: String?
  }

  package init(_ history: RunHistory, at now: Double) {
    (run, output, state) = (history.run, history.output, history.state)
    healthy = history.ending == .running ? nil : false
    launcher = history.launches.last?.launcher
    attempt = history.launches.last.map { $0.failures.count }
    uptimeSeconds = history.seconds(at: now)
    epoch = history.steps.last?.epoch ?? history.log.last?.epoch
    step = history.steps.last?.stepOfEpoch
    (loss, imagesPerSecond) = (history.loss, history.steps.last?.imagesPerSecond)
    (model, parameters) = (history.model, history.log.last?.parameters)
    (workers, epochs, epochsDone) = (history.workers, history.epochs, history.epochsDone)
    updates = history.updates
    best = history.best.map {
      Best(acc1: $0.accuracy, epoch: $0.epoch, file: history.file(ofBest: $0, average: false))
    }
    bestEma = history.bestAverage.map {
      Best(acc1: $0.accuracy, epoch: $0.epoch, file: history.file(ofBest: $0, average: true))
    }
    judged = history.judged(average: false)
    (began, ended, lastLine) = (history.began, history.ended, history.written)
    status = history.launches.last?.end?.status
    reason = history.reason
    (launches, restarts) = (history.launches.count, history.restarts)
    next = history.next
  }
}
