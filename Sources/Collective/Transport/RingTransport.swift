public import Wire

/// Sends messages to the next rank of a ring, and receives those of the previous one.
///
/// A transport does not interpret a message's bytes. Messages between two ranks arrive in the order in which
/// they were sent. All calls come from one thread, and only ``wait(for:until:)`` and ``close(flushingFor:)``
/// may block.
public protocol RingTransport: AnyObject {
  /// Sends a message to the next rank, and takes it over; returns false while there is no room for one.
  func trySend(_ message: Message) throws(CollectiveError) -> Bool

  /// Returns the next message from the previous rank, if one has arrived; the caller may change it and send
  /// it on.
  func receive() throws(CollectiveError) -> Message?

  /// Blocks until one of `events` happens, a neighbour is lost or the deadline passes; may return early.
  func wait(for events: RingEvents, until deadline: ContinuousClock.Instant) throws(CollectiveError)

  /// The neighbours whose connection a wait has found lost.
  ///
  /// Once it contains `previous`, every message that arrived from there can be received without waiting.
  var lostNeighbours: RingNeighbours { get }

  /// Ends both connections, once the next rank has taken all that was sent or `time` has passed.
  ///
  /// Nothing else may be called afterwards.
  func close(flushingFor time: Duration)
}

/// What a rank can wait for.
public struct RingEvents: OptionSet, Sendable {
  /// The set's bits.
  public let rawValue: Int
  /// A message has arrived.
  public static let arrival = RingEvents(rawValue: 1)
  /// A message can be sent.
  public static let room = RingEvents(rawValue: 2)

  /// Makes a set of bits.
  public init(rawValue: Int) { self.rawValue = rawValue }
}

/// The two neighbours of a rank.
public struct RingNeighbours: OptionSet, Sendable {
  /// The set's bits.
  public let rawValue: Int
  /// The rank that messages come from.
  public static let previous = RingNeighbours(rawValue: 1)
  /// The rank that messages go to.
  public static let next = RingNeighbours(rawValue: 2)

  /// Makes a set of bits.
  public init(rawValue: Int) { self.rawValue = rawValue }
}
