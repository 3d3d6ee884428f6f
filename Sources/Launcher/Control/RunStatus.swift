import Board

/// What `status` tells of a run.
struct RunStatus: Codable, Equatable, Sendable {
  let run: String
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

  enum State: String, Codable, Sendable {
    case running
    /// Somebody asked it to stop, or a worker failed.
    case stopping
    /// A worker failed, and all are to start again.
    case waiting
  }

  /// What it tells of one worker.
  struct Rank: Codable, Equatable, Sendable {
    let rank: Int
    /// Nil where it could not be started.
    var pid: Int32?
    let state: State
    var section: String?
    /// Seconds in the section.
    var seconds: Double?
    /// Steps done of the epoch.
    var step: Int?
    let restarts: Int
    /// Why the others wait for it in every step, where they do.
    var slow: String?

    enum State: String, Codable, Sendable {
      case running
      /// Held by a signal or a debugger.
      case stopped
      /// At one thing for more than half of the time that it may take.
      case stuck
      case ended
    }
  }
}

extension RunStatus.Rank {
  /// A worker that runs.
  init(_ view: RankView, pid: Int32?, isSlow: Bool, restarts: Int, slow: String?, at now: UInt64) {
    self.init(
      rank: view.rank, pid: pid, state: view.isStopped ? .stopped : isSlow ? .stuck : .running,
      section: view.state.section.name, seconds: view.time(at: now) / .seconds(1),
      step: view.state.step, restarts: restarts, slow: slow)
  }
}
