import WorkerLink

/// What `status` tells of a run.
struct RunStatus: Codable, Equatable, Sendable {
  /// Its name; on another host than the first, once host 0 has told it.
  var run: String
  let attempt: Int
  /// The launcher's process.
  let launcher: Int32
  let state: State
  let uptimeSeconds: Double
  /// Nil before the first epoch, and where workers tell nothing.
  var epoch: Int?
  var step: Int?
  var stepsOfEpoch: Int?
  var loss: Double?
  var imagesPerSecond: Double?
  /// Whether no worker is stopped or stuck.
  let healthy: Bool
  /// What of its output nobody reads any more, each as a clause; nil where all is read.
  var unread: [String]?
  let ranks: [Rank]
  /// Nil where the run has one host, and of a host that is not the first.
  var hosts: [Host]?
  /// What this host, which is not the first, waits for; nil where it takes part.
  var waitsFor: String?

  /// What it tells of one host.
  struct Host: Codable, Equatable, Sendable {
    let host: Int
    /// Nil where it does not take part now.
    var name: String?
    var address: String?
    /// Since its launcher was heard; nil on the first one, which tells.
    var silentSeconds: Double?
    /// Whether it is here and has no part in this attempt; nil where it has one, or is not here.
    var waits: Bool?
  }

  enum State: String, Codable, Sendable {
    case running
    /// Somebody asked it to stop, or a worker failed.
    case stopping
    /// A worker failed, and all are to start again; or other hosts are waited for.
    case waiting
  }

  /// What it tells of one worker.
  struct Rank: Codable, Equatable, Sendable {
    let rank: Int
    /// Nil where it could not be started.
    var pid: Int32?
    let state: State
    var phase: String?
    /// Seconds in the phase.
    var seconds: Double?
    /// Steps done of the epoch.
    var step: Int?
    let restarts: Int
    /// The card that it computes on; nil on the CPU, and before it has one.
    var card: String?
    /// The most that tensors have taken of the card at once, in MB of 2²⁰ bytes; nil where it does not count.
    var cardPeakMegabytes: Double?
    /// What the card says of itself; nil where nobody can ask.
    var cardReading: CardReading?
    /// Why the others wait for it in every step, where they do.
    var slow: String?

    /// In JSON the phase goes by the name that scripts know.
    enum CodingKeys: String, CodingKey {
      case rank, pid, state, seconds, step, restarts, card, cardPeakMegabytes, cardReading, slow
      case phase = "section"
    }

    enum State: String, Codable, Sendable {
      case running
      /// Held by a signal or a debugger.
      case stopped
      /// At one thing for more than half of the time that it may take.
      case stuck
      case ended
      /// Not started yet.
      case waiting
    }
  }
}

extension RunStatus.Rank {
  /// A worker that runs.
  init(_ view: RankView, pid: Int32?, isSlow: Bool, restarts: Int, slow: String?, at now: UInt64) {
    self.init(
      rank: view.rank, pid: pid, state: view.isStopped ? .stopped : isSlow ? .stuck : .running,
      phase: view.state.phase.name, seconds: view.time(at: now) / .seconds(1),
      step: view.state.step, restarts: restarts, card: view.state.card?.name,
      cardPeakMegabytes: view.state.card?.peakBytes.map { Double($0) / 1_048_576 }, slow: slow)
  }
}

extension RunStatus {
  /// The status as people read it.
  var text: String { ([summary] + progress + notes + [""] + table).joined(separator: "\n") }

  /// Whether the workers tell of their phases, as a program of the user's does not.
  var hasSteps: Bool { ranks.contains { $0.phase != nil } }

  private var summary: String {
    "run \(run), attempt \(attempt): \(state.rawValue) for \(elapsed(.seconds(uptimeSeconds))), launcher pid \(launcher)"
  }

  private var progress: [String] {
    guard let epoch, let step, let stepsOfEpoch else {
      // A program of the user's tells nothing of its phases.
      return hasSteps ? ["not in an epoch yet"] : []
    }
    return [
      placeText(epoch: epoch, step: step, of: stepsOfEpoch, loss: loss, imagesPerSecond: imagesPerSecond)
    ]
  }

  private var notes: [String] {
    (hosts ?? []).map(\.line) + [waitsFor.map { "this host waits for \($0)" }].compactMap(\.self)
      + (unread ?? []).map { "\($0): its lines are in the logs alone" }
  }

  private var table: [String] {
    let onCards = ranks.contains { $0.card != nil }
    let names =
      ["rank", "pid", "state", "phase", "for", "step", "restarts"] + (onCards ? ["card", "max mem"] : [])
    let rows = [names + [""]] + ranks.map { $0.cells + (onCards ? $0.cardCells : []) + [$0.mark] }
    return columns(rows)
  }
}

/// Where a run is, as people read it, and how it does there.
func placeText(epoch: Int, step: Int, of steps: Int, loss: Double?, imagesPerSecond: Double?) -> String {
  let values = [
    loss.map { "loss \(decimal($0, 4))" }, imagesPerSecond.map { "\(decimal($0, 1)) images/s" },
  ].compactMap { $0 }
  return (["epoch \(epoch), step \(step) of \(steps)"] + values).joined(separator: ", ")
}

extension RunStatus.Host {
  fileprivate var line: String {
    guard let name else { return "host \(host): not here" }
    let silence = silentSeconds.map { ", heard \(inSeconds(.seconds($0))) ago" } ?? ""
    let part = waits == true ? ", takes part from the next start on" : ""
    return "host \(host): \(name)\(address.map { " (\($0))" } ?? "")\(silence)\(part)"
  }
}

extension RunStatus.Rank {
  fileprivate var cells: [String] {
    [
      "\(rank)", pid.map { "\($0)" } ?? "-", state.rawValue, phase ?? "-",
      seconds.map { inSeconds(.seconds($0)) } ?? "-", step.map { "\($0)" } ?? "-", "\(restarts)",
    ]
  }

  fileprivate var cardCells: [String] {
    [
      ([card ?? "-"] + (cardReading?.figureTexts ?? [])).joined(separator: " "),
      cardPeakMegabytes.map { "\(decimal($0, 0)) MB" } ?? "-",
    ]
  }

  fileprivate var mark: String {
    switch state {
    case .stopped: "<- a signal or a debugger holds it; `kill -CONT \(pid ?? 0)` lets it go on"
    case .stuck: "<- stuck"
    case .running, .ended, .waiting: slow.map { "<- \($0)" } ?? ""
    }
  }
}
