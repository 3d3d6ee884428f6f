/// The state of a run, as reported by `status`.
package struct RunStatus: Codable, Equatable, Sendable {
  /// The run's name; on a host other than the first, known once host 0 has sent it.
  package var run: String
  package let attempt: Int
  /// The launcher's process.
  package let launcher: Int32
  package let state: State
  package let uptimeSeconds: Double
  /// Nil before the first epoch, and if workers do not report it.
  package var epoch: Int?
  package var step: Int?
  package var stepsOfEpoch: Int?
  package var loss: Double?
  package var imagesPerSecond: Double?
  /// Whether no worker is stopped or stuck.
  package let healthy: Bool
  /// Outputs that nobody reads any more, each as a clause; nil if all are read.
  package var unread: [String]?
  package let ranks: [Rank]
  /// Nil if the run has one host, and on hosts other than the first.
  package var hosts: [Host]?
  /// What this host, which is not the first, waits for; nil if it takes part.
  package var waitsFor: String?

  package init(
    run: String, attempt: Int, launcher: Int32, state: State, uptimeSeconds: Double, epoch: Int? = nil,
    step: Int? = nil, stepsOfEpoch: Int? = nil, loss: Double? = nil, imagesPerSecond: Double? = nil,
    healthy: Bool,
    unread: [String]? = nil, ranks: [Rank], hosts: [Host]? = nil, waitsFor: String? = nil
  ) {
    (self.run, self.attempt, self.launcher, self.state) = (run, attempt, launcher, state)
    (self.uptimeSeconds, self.epoch, self.step, self.stepsOfEpoch) = (
      uptimeSeconds, epoch, step, stepsOfEpoch
    )
    (self.loss, self.imagesPerSecond, self.healthy) = (loss, imagesPerSecond, healthy)
    (self.unread, self.ranks, self.hosts, self.waitsFor) = (unread, ranks, hosts, waitsFor)
  }

  /// The state of one host.
  package struct Host: Codable, Equatable, Sendable {
    package let host: Int
    /// Nil if it is not taking part.
    package var name: String?
    package var address: String?
    /// Seconds since its launcher was last heard; nil for the first host, which reports.
    package var silentSeconds: Double?
    /// Whether it is connected without taking part in this attempt; otherwise nil.
    package var waits: Bool?

    package init(
      host: Int, name: String? = nil, address: String? = nil, silentSeconds: Double? = nil, waits: Bool? = nil
    ) {
      (self.host, self.name, self.address) = (host, name, address)
      (self.silentSeconds, self.waits) = (silentSeconds, waits)
    }
  }

  package enum State: String, Codable, Sendable {
    case running
    /// A stop was requested, or a worker failed.
    case stopping
    /// A worker failed and all are about to restart, or other hosts are awaited.
    case waiting
  }

  /// The state of one worker.
  package struct Rank: Codable, Equatable, Sendable {
    package let rank: Int
    /// Nil if it could not be started.
    package var pid: Int32?
    package let state: State
    package var phase: String?
    /// Seconds in the current phase.
    package var seconds: Double?
    /// Steps done in the epoch.
    package var step: Int?
    package let restarts: Int
    /// The worker's card; nil on the CPU, and before it has one.
    package var card: String?
    /// The most memory that tensors have taken on the card, in MB of 2²⁰ bytes; nil if it is not counted.
    package var cardPeakMegabytes: Double?
    /// The card's own readings; nil if they are not available.
    package var cardReading: CardReading?
    /// Why the others wait for it in every step, if they do.
    package var slow: String?
    /// Whether the last attempt to save a checkpoint failed; nil if it did not.
    package var unsaved: Bool?

    package init(
      rank: Int, pid: Int32? = nil, state: State, phase: String? = nil, seconds: Double? = nil,
      step: Int? = nil,
      restarts: Int, card: String? = nil, cardPeakMegabytes: Double? = nil, cardReading: CardReading? = nil,
      slow: String? = nil
    ) {
      (self.rank, self.pid, self.state, self.phase, self.seconds) = (rank, pid, state, phase, seconds)
      (self.step, self.restarts, self.card) = (step, restarts, card)
      (self.cardPeakMegabytes, self.cardReading, self.slow) = (cardPeakMegabytes, cardReading, slow)
    }

    /// The JSON key that existing scripts expect for the phase.
    enum CodingKeys: String, CodingKey {
      case rank, pid, state, seconds, step, restarts, card, cardPeakMegabytes, cardReading, slow, unsaved
      case phase = "section"
    }

    package enum State: String, Codable, Sendable {
      case running
      /// Stopped by a signal or a debugger.
      case stopped
      /// In one phase for more than half of the allowed time.
      case stuck
      case ended
      /// Not started yet.
      case waiting
    }
  }
}
