/// What `status` tells of a run.
package struct RunStatus: Codable, Equatable, Sendable {
  /// Its name; on another host than the first, once host 0 has told it.
  package var run: String
  package let attempt: Int
  /// The launcher's process.
  package let launcher: Int32
  package let state: State
  package let uptimeSeconds: Double
  /// Nil before the first epoch, and where workers tell nothing.
  package var epoch: Int?
  package var step: Int?
  package var stepsOfEpoch: Int?
  package var loss: Double?
  package var imagesPerSecond: Double?
  /// Whether no worker is stopped or stuck.
  package let healthy: Bool
  /// What of its output nobody reads any more, each as a clause; nil where all is read.
  package var unread: [String]?
  package let ranks: [Rank]
  /// Nil where the run has one host, and of a host that is not the first.
  package var hosts: [Host]?
  /// What this host, which is not the first, waits for; nil where it takes part.
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

  /// What it tells of one host.
  package struct Host: Codable, Equatable, Sendable {
    package let host: Int
    /// Nil where it does not take part now.
    package var name: String?
    package var address: String?
    /// Since its launcher was heard; nil on the first one, which tells.
    package var silentSeconds: Double?
    /// Whether it is here and has no part in this attempt; nil where it has one, or is not here.
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
    /// Somebody asked it to stop, or a worker failed.
    case stopping
    /// A worker failed, and all are to start again; or other hosts are waited for.
    case waiting
  }

  /// What it tells of one worker.
  package struct Rank: Codable, Equatable, Sendable {
    package let rank: Int
    /// Nil where it could not be started.
    package var pid: Int32?
    package let state: State
    package var phase: String?
    /// Seconds in the phase.
    package var seconds: Double?
    /// Steps done of the epoch.
    package var step: Int?
    package let restarts: Int
    /// The card that it computes on; nil on the CPU, and before it has one.
    package var card: String?
    /// The most that tensors have taken of the card at once, in MB of 2²⁰ bytes; nil where it does not count.
    package var cardPeakMegabytes: Double?
    /// What the card says of itself; nil where nobody can ask.
    package var cardReading: CardReading?
    /// Why the others wait for it in every step, where they do.
    package var slow: String?
    /// Whether the newest checkpoint that it was to save came to nothing; nil where it did not.
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

    /// In JSON the phase goes by the name that scripts know.
    enum CodingKeys: String, CodingKey {
      case rank, pid, state, seconds, step, restarts, card, cardPeakMegabytes, cardReading, slow, unsaved
      case phase = "section"
    }

    package enum State: String, Codable, Sendable {
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
