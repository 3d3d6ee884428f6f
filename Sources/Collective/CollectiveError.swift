public import System

/// Why an operation of a ``ProcessGroup`` did not finish, and which rank is the cause.
public enum CollectiveError: Error, Equatable, Sendable {
  /// A neighbour is gone; `observation` is what this rank saw of it.
  case lostPeer(rank: Int, operation: String, observation: String)
  /// A rank did not do its part in time. `isGuess` is true where that rank may itself have been waiting for
  /// another.
  case timeout(rank: Int, operation: String, seconds: Double, isGuess: Bool = false)
  /// A neighbour's message arrived changed, cut, twice or out of order.
  case corrupt(rank: Int, operation: String, detail: String)
  /// A neighbour is in another operation, in one of another size, or in another run.
  case mismatch(rank: Int, operation: String, expected: String, found: String)
  /// Another rank failed first and said so before it left: `rank` is the one blamed, `by` the one that saw
  /// it.
  case aborted(rank: Int, by: Int, operation: String, reason: String)
  /// The group could not be set up on this rank.
  case setup(rank: Int, detail: String)
  /// The shared memory for a buffer does not fit; every rank throws the same.
  case noRoom(detail: String)
  /// This machine has no route to the address at which the ranks are to meet; every rank throws the same.
  case noRoute(detail: String)
  /// The group does not support the request with this transport; every rank throws the same.
  case refused(detail: String)
  /// A limit on this rank's resources (memory, descriptors, threads) was reached.
  case limit(Shortage)
  /// The machine refused something that the transport needs.
  case system(detail: String)
  /// The group failed earlier, because of `cause`.
  indirect case unusable(cause: CollectiveError)
  /// The group was already closed.
  case closed

  /// The rank whose log to read first, where one is known.
  public var culprit: Int? {
    switch self {
    case .lostPeer(let rank, _, _), .timeout(let rank, _, _, _), .corrupt(let rank, _, _),
      .mismatch(let rank, _, _, _), .aborted(let rank, _, _, _), .setup(let rank, _):
      rank
    case .unusable(let cause): cause.culprit
    case .noRoom, .noRoute, .refused, .limit, .system, .closed: nil
    }
  }

  /// Whether the machine cannot give what the run's settings ask for, so that a restart would fail again.
  public var isOfConfiguration: Bool {
    switch self {
    case .noRoom, .noRoute, .refused: true
    case .limit(let shortage): shortage.isLimit
    default: false
    }
  }
}

extension CollectiveError {
  /// Returns this error with `first` added to the rank it names, for a group whose ranks are numbered from
  /// `first` in a larger one; an ``aborted(rank:by:operation:reason:)`` already has the larger group's
  /// numbers.
  func renumbered(from first: Int) -> CollectiveError {
    switch self {
    case .lostPeer(let rank, let operation, let observation):
      .lostPeer(rank: rank + first, operation: operation, observation: observation)
    case .timeout(let rank, let operation, let seconds, let isGuess):
      .timeout(rank: rank + first, operation: operation, seconds: seconds, isGuess: isGuess)
    case .corrupt(let rank, let operation, let detail):
      .corrupt(rank: rank + first, operation: operation, detail: detail)
    case .mismatch(let rank, let operation, let expected, let found):
      .mismatch(rank: rank + first, operation: operation, expected: expected, found: found)
    case .setup(let rank, let detail): .setup(rank: rank + first, detail: detail)
    case .aborted, .noRoom, .noRoute, .refused, .limit, .system, .unusable, .closed: self
    }
  }
}

extension CollectiveError: CustomStringConvertible {
  /// What happened, in which operation, the likely cause and what to look at next.
  public var description: String {
    switch self {
    case .lostPeer(let rank, let operation, let observation):
      "\(operation): rank \(rank) is lost: \(observation). Its process has probably died; read the log of rank \(rank)."
    case .timeout(let rank, let operation, let seconds, isGuess: false):
      "\(operation): waited \(seconds) s for rank \(rank). It has not said that it waits for another: it is stopped, stuck "
        + "or slow; read the log of rank \(rank)."
    case .timeout(let rank, let operation, let seconds, isGuess: true):
      "\(operation): waited \(seconds) s for rank \(rank), which lives and waits itself. That it is the cause is a guess: "
        + "a rank before it may be; see which one does not wait: twins-launch status OUT, or the logs of all."
    case .corrupt(let rank, let operation, let detail):
      "\(operation): a message from rank \(rank) is damaged: \(detail). Memory or transport is at fault; check the host."
    case .mismatch(let rank, let operation, let expected, let found):
      "\(operation): rank \(rank) is elsewhere: expected \(expected), found \(found). "
        + "One rank skipped, repeated or resized an operation; compare the logs of rank \(rank) and this one."
    case .aborted(let rank, let by, let operation, let reason):
      "\(operation): given up because of rank \(rank), as rank \(by) reports: \(reason)"
    case .setup(let rank, let detail):
      "rank \(rank) could not join the others: \(detail)"
    case .noRoom(let detail), .noRoute(let detail), .refused(let detail): detail
    case .limit(let shortage): shortage.description
    case .system(let detail): "the transport between ranks failed: \(detail)"
    case .unusable(let cause): "the group failed before and must be made anew; the cause: \(cause)"
    case .closed: "the group is closed"
    }
  }
}
