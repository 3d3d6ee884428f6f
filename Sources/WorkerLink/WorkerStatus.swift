/// What one rank says of itself.
public struct WorkerStatus: Equatable, Sendable {
  /// What it is busy with.
  public var phase = Phase.start
  /// When that began, in nanoseconds of CLOCK_MONOTONIC, which all processes of a host share.
  public var since: UInt64 = 0
  /// The epoch, from 0; nil before the first one.
  public var epoch: Int?
  /// Epochs that the run is to have; nil before the first one.
  public var epochs: Int?
  /// Steps done of the epoch.
  public var step = 0
  /// Steps that the epoch has.
  public var stepsOfEpoch = 0
  /// Steps done since the process started.
  public var stepsDone = 0
  /// Mean loss of the last step; nil before the first one.
  public var loss: Double?
  /// The rate of the last update; nil before the first step.
  public var learningRate: Double?
  /// Images a second, of all ranks together; nil before the first step.
  public var imagesPerSecond: Double?
  /// The epoch that was finished last; nil before one was.
  public var finished: FinishedEpoch?
  /// Whether the newest checkpoint that it was to save came to nothing.
  public var isUnsaved = false
  /// Whether it ends because its disk had no room, for as long as it waited.
  public var lacksRoom = false
  /// The card that it computes on; nil on the CPU, and before it has one.
  public var card: Card?
  /// Nanoseconds in each phase that has been left, by `Phase.rawValue`.
  public var spent = [UInt64](repeating: 0, count: Phase.allCases.count)

  /// A card, as its worker knows it.
  public struct Card: Equatable, Sendable {
    /// What libtorch calls its kind.
    public enum Kind: Int, CaseIterable, Sendable {
      case cuda
      case npu
    }

    /// Whose it is.
    public var kind: Kind
    /// Its number among those that the worker may use.
    public var number: Int
    /// The most bytes that tensors have taken of it at once; nil where it does not count them.
    public var peakBytes: Int?

    /// A card of that kind and number.
    public init(_ kind: Kind, number: Int, peakBytes: Int?) {
      (self.kind, self.number, self.peakBytes) = (kind, number, peakBytes)
    }

    /// `cuda:3`.
    public var name: String { "\(kind):\(number)" }
  }

  /// A process that has just started.
  public init() {}

  /// Nanoseconds spent in a phase so far, without the visit that has not ended.
  public func time(in phase: Phase) -> UInt64 { spent[phase.rawValue] }
}

extension WorkerStatus {
  /// How many words a state takes on the board.
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

  /// Reads what another process wrote, of which nothing is taken for granted.
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
  /// Says of a word that it has nothing to say.
  private static let unknown = UInt64.max

  static func words(of card: Self?) -> [UInt64] {
    guard let card else { return Array(repeating: unknown, count: wordCount) }
    return [UInt64(card.kind.rawValue), UInt64(card.number), card.peakBytes.map(UInt64.init) ?? unknown]
  }

  /// Nil where there is none.
  init?(words: ArraySlice<UInt64>) {
    let words = Array(words)
    guard let kind = Int(exactly: words[0]).flatMap(Kind.init), let number = Int(exactly: words[1]) else {
      return nil
    }
    self.init(kind, number: number, peakBytes: Int(exactly: words[2]))
  }
}

/// What a worker is busy with.
public enum Phase: Int, CaseIterable, Codable, Sendable {
  /// Reading flags and folders, building the network, rendezvous the others.
  case start
  /// Waiting for images.
  case data
  case forward
  case backward
  /// Waiting for other ranks, or exchanging with them.
  case communicate
  case optimizer
  case evaluate
  case checkpoint
  /// The work is over; the process is about to end.
  case done

  /// The word for it.
  public var name: String { "\(self)" }
}
