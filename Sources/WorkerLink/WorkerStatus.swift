/// The state that a rank publishes.
public struct WorkerStatus: Equatable, Sendable {
  /// The current phase.
  public var phase = Phase.start
  /// When the phase began, in nanoseconds of CLOCK_MONOTONIC, which all processes of a host share.
  public var since: UInt64 = 0
  /// The epoch, from 0; nil before the first one.
  public var epoch: Int?
  /// The run's number of epochs; nil before the first one.
  public var epochs: Int?
  /// Steps done in the epoch.
  public var step = 0
  /// Steps of the epoch.
  public var stepsOfEpoch = 0
  /// Steps done since the process started.
  public var stepsDone = 0
  /// Mean loss of the last step; nil before the first one.
  public var loss: Double?
  /// The learning rate of the last update; nil before the first step.
  public var learningRate: Double?
  /// Images per second of all ranks together; nil before the first step.
  public var imagesPerSecond: Double?
  /// The last finished epoch; nil before one is finished.
  public var finished: FinishedEpoch?
  /// Whether the last attempt to save a checkpoint failed.
  public var isUnsaved = false
  /// Whether the worker ends because its disk stayed full for as long as it waited.
  public var lacksRoom = false
  /// The worker's card; nil on the CPU, and before it has one.
  public var card: Card?
  /// Nanoseconds spent in completed phases, by `Phase.rawValue`.
  public var spent = [UInt64](repeating: 0, count: Phase.allCases.count)

  /// A worker's card.
  public struct Card: Equatable, Sendable {
    /// The kinds of cards, by libtorch's names.
    public enum Kind: Int, CaseIterable, Sendable {
      case cuda
      case npu
    }

    /// The kind of card.
    public var kind: Kind
    /// The card's number among those visible to the worker.
    public var number: Int
    /// The most bytes that tensors have occupied on the card at once; nil if they are not counted.
    public var peakBytes: Int?

    /// Makes a card.
    public init(_ kind: Kind, number: Int, peakBytes: Int?) {
      (self.kind, self.number, self.peakBytes) = (kind, number, peakBytes)
    }

    /// Such as `cuda:3`.
    public var name: String { "\(kind):\(number)" }
  }

  /// Makes the state of a process that has just started.
  public init() {}

  /// Nanoseconds spent in a phase so far, without the current visit.
  public func time(in phase: Phase) -> UInt64 { spent[phase.rawValue] }
}

extension WorkerStatus {
  /// The number of words that a state takes on the board.
  static let wordCount = ownWords + Card.wordCount + FinishedEpoch.wordCount + Phase.allCases.count
  private static let ownWords = 11

  /// The state as words that can be read one by one while another process writes.
  var words: [UInt64] {
    [
      UInt64(phase.rawValue), since, UInt64(bitPattern: Int64(epoch ?? -1)), UInt64(step),
      UInt64(stepsOfEpoch), UInt64(stepsDone), (loss ?? .nan).bitPattern,
      (imagesPerSecond ?? .nan).bitPattern, UInt64(bitPattern: Int64(epochs ?? -1)),
      (learningRate ?? .nan).bitPattern, (isUnsaved ? 1 : 0) | (lacksRoom ? 2 : 0),
    ] + Card.words(of: card) + FinishedEpoch.words(of: finished) + spent
  }

  /// Decodes words written by another process, without trusting them.
  init(words: [UInt64]) {
    phase = Int(exactly: words[0]).flatMap(Phase.init) ?? .start
    since = words[1]
    epoch = Int(Int64(bitPattern: words[2])) < 0 ? nil : Int(Int64(bitPattern: words[2]))
    step = Int(clamping: words[3])
    stepsOfEpoch = Int(clamping: words[4])
    stepsDone = Int(clamping: words[5])
    loss = finite(words[6])
    imagesPerSecond = finite(words[7])
    epochs = Int(Int64(bitPattern: words[8])) < 0 ? nil : Int(Int64(bitPattern: words[8]))
    learningRate = finite(words[9])
    let flags = words[10] <= 3 ? words[10] : 0
    (isUnsaved, lacksRoom) = (flags & 1 != 0, flags & 2 != 0)
    var rest = words[Self.ownWords...]
    card = Card(words: rest.prefix(Card.wordCount))
    rest = rest.dropFirst(Card.wordCount)
    finished = FinishedEpoch(words: rest.prefix(FinishedEpoch.wordCount))
    spent = Array(rest.dropFirst(FinishedEpoch.wordCount).prefix(Phase.allCases.count))
  }
}

extension WorkerStatus.Card {
  static let wordCount = 3
  /// The word for a missing value.
  private static let unknown = UInt64.max

  static func words(of card: Self?) -> [UInt64] {
    guard let card else { return Array(repeating: unknown, count: wordCount) }
    return [UInt64(card.kind.rawValue), UInt64(card.number), card.peakBytes.map(UInt64.init) ?? unknown]
  }

  /// Nil if there is no card.
  init?(words: ArraySlice<UInt64>) {
    let words = Array(words)
    guard let kind = Int(exactly: words[0]).flatMap(Kind.init), let number = Int(exactly: words[1]) else {
      return nil
    }
    self.init(kind, number: number, peakBytes: Int(exactly: words[2]))
  }
}

/// What a worker is doing.
public enum Phase: Int, CaseIterable, Codable, Sendable {
  /// Reading flags and folders, building the network, meeting the other ranks.
  case start
  /// Waiting for images.
  case data
  case forward
  case backward
  /// Exchanging data with other ranks, or waiting for them.
  case communicate
  case optimizer
  case evaluate
  case checkpoint
  /// The work is finished; the process is about to end.
  case done

  /// The phase's name.
  public var name: String { "\(self)" }
}
