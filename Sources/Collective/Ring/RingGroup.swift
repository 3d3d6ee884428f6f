internal import Wire

/// Ranks in a ring, each of which exchanges messages with its two neighbours through a ``RingTransport``.
///
/// Use a group on one thread at a time. Its operations block that thread, without using the processor, until
/// this rank's part is done or a neighbour has failed. The first error ends the group: it tells the next rank
/// which rank was the cause, closes its connections so that no neighbour waits for it, and from then on
/// throws ``CollectiveError/unusable(cause:)``. Call ``close()`` when all went well.
public final class RingGroup: ProcessGroup {
  /// This process's rank; its messages go to the rank above, and the last rank's to rank 0.
  public let rank: Int
  /// The number of ranks.
  public let size: Int
  /// Which rank owns which elements of a buffer.
  public var blocks: BlockLayout { BlockLayout(blockLength: grain.blockLength, size: size) }
  /// Why buffers are not in shared memory although it was asked for, as a sentence; otherwise nil.
  public var transportNote: String? { sharedBuffers?.note }

  let transport: any RingTransport
  let timeouts: Timeouts
  let identity: FrameHeader
  let grain: RingGrain
  /// The format in which sums are sent over sockets; the same on all ranks.
  let gradientWire: WireFormat
  /// The number of this group's rank 0 in a larger group; errors use the larger group's numbers.
  let firstRank: Int
  /// The order of sums; over sockets, all ranks must be one group.
  let sumOrder: SumOrder
  /// The buffers in shared memory; nil where floats travel over sockets.
  let sharedBuffers: SharedBuffers?
  private var state = State.ready
  private var sequence: UInt64 = 0
  /// Messages of the next operation that arrived during this one.
  private var held: [Message] = []

  private enum State {
    case ready
    case failed(CollectiveError)
    case closed
  }

  /// Makes the group of a rank whose neighbours `transport` connects it to.
  ///
  /// `run` and `generation` must be the same on all ranks: messages of another run or an earlier start are
  /// refused.
  public convenience init(
    transport: any RingTransport, rank: Int, size: Int, run: String, generation: Int,
    timeouts: Timeouts = Timeouts()
  ) {
    self.init(
      transport: transport, rank: rank, size: size, run: run, generation: generation, timeouts: timeouts,
      grain: RingGrain(), gradientWire: .float32, sharedBuffers: nil)
  }

  /// Makes a group with other settings than the default, which must be the same on all ranks.
  init(
    transport: any RingTransport, rank: Int, size: Int, run: String, generation: Int, timeouts: Timeouts,
    grain: RingGrain, gradientWire: WireFormat, sharedBuffers: SharedBuffers?, sumGroup: Int? = nil,
    firstRank: Int = 0
  ) {
    precondition(size > 0 && size <= UInt16.max && (0..<size).contains(rank), "rank \(rank) of \(size)")
    self.transport = transport
    self.rank = rank
    self.size = size
    self.timeouts = timeouts
    self.grain = grain
    self.gradientWire = gradientWire
    self.sharedBuffers = sharedBuffers
    sumOrder = SumOrder(size: size, group: sumGroup)
    self.firstRank = firstRank
    identity = FrameHeader(
      operation: 0, element: 0, run: FrameHeader.digest(ofRun: run), generation: UInt32(generation),
      rank: UInt16(rank), size: UInt16(size))
  }

  /// Runs one exchange as the next operation.
  func perform(
    _ operation: CollectiveCall.Operation, element: CollectiveCall.Element = .byte, range: Range<Int> = 0..<0,
    root: Int = 0, plan: RingPlan, on buffer: UnsafeMutableRawBufferPointer, wire: WireFormat = .float32,
    silence: Duration? = nil
  ) throws(CollectiveError) {
    try perform(operation, element: element, range: range, root: root) { call throws(CollectiveError) in
      var exchange = RingExchange(call, plan: plan, on: buffer, wire: wire)
      try run(&exchange, silence: silence ?? timeouts.silence)
    }
  }

  /// Gives the next operation its number and runs `body`; the first error ends the group.
  func perform<Result>(
    _ operation: CollectiveCall.Operation, element: CollectiveCall.Element, range: Range<Int>, root: Int = 0,
    _ body: (CollectiveCall) throws(CollectiveError) -> Result
  ) throws(CollectiveError) -> Result {
    try requireReady()
    let call = CollectiveCall(operation, sequence: sequence, element: element, range: range, root: root)
    sequence += 1
    do {
      return try body(call)
    } catch {
      throw end(because: error.renumbered(from: firstRank))
    }
  }

  /// Keeps a message of the next operation until that has begun.
  func hold(_ message: Message) { held.append(message) }

  /// Returns the next message from the previous rank, a held one first; nil where none has arrived.
  func nextMessage() throws(CollectiveError) -> Message? {
    held.isEmpty ? try transport.receive() : held.removeFirst()
  }

  private func requireReady() throws(CollectiveError) {
    switch state {
    case .ready: return
    case .failed(let cause): throw .unusable(cause: cause)
    case .closed: throw .closed
    }
  }

  deinit {
    if case .ready = state { transport.close(flushingFor: .zero) }
  }
}

extension RingGroup {
  /// How long a rank waits for its neighbours.
  public struct Timeouts: Sendable {
    /// The longest time without a message from a neighbour that owes one, in any operation.
    public var silence: Duration
    /// How long this rank waits, before it blames its neighbour, for a better witness to name the rank that
    /// failed first; also the time that a leaving rank gives its last message to be sent.
    public var grace: Duration

    /// Makes limits, by default 5 minutes of silence and half a second of grace.
    public init(silence: Duration = .seconds(300), grace: Duration = .milliseconds(500)) {
      self.silence = silence
      self.grace = grace
    }
  }
}

extension RingGroup {
  /// Leaves the ring in order: waits until every rank has called it, so that no last message is lost.
  ///
  /// A rank that is still in an operation then fails and names this rank as gone. After an error it does
  /// nothing.
  public func close() {
    guard case .ready = state else { return }
    let nothing = UnsafeMutableRawBufferPointer(start: nil, count: 0)
    // A rank that leaves cannot act on a failed farewell. It waits as long as any operation does: on a busy
    // machine, a rank that gave up sooner would break the last operation of one that has not had its turn
    // yet.
    try? perform(.farewell, plan: .roundTrip(rank: rank, size: size), on: nothing)
    if case .ready = state { transport.close(flushingFor: timeouts.grace) }
    state = .closed
  }

  /// Ends the group because of an error outside it; the other ranks learn the cause.
  public func abandon(because error: CollectiveError) {
    if case .ready = state { _ = end(because: error) }
  }

  /// Returns a failure that shows between operations: an abort notice or a lost neighbour. A loss waits
  /// `grace` for a notice that explains it.
  public func failureInSight() -> CollectiveError? {
    switch state {
    case .ready: break
    case .failed(let cause): return cause
    case .closed: return nil
    }
    let call = CollectiveCall(.betweenOperations, sequence: sequence)
    let deadline = ContinuousClock.now + timeouts.grace
    do throws(CollectiveError) {
      repeat {
        while try takeNews(during: call) {}
        guard !transport.lostNeighbours.isEmpty else { return nil }
        if transport.lostNeighbours.contains(.previous) { throw lostPeer(previousRank, during: call) }
        try transport.wait(for: .arrival, until: deadline)
      } while ContinuousClock.now < deadline
      throw lostPeer(nextRank, during: call)
    } catch {
      return error.renumbered(from: firstRank)
    }
  }

  /// Makes the group unusable, sends the next rank the cause, and closes the connections, so that the failure
  /// spreads.
  private func end(because error: CollectiveError) -> CollectiveError {
    state = .failed(error)
    let notice = AbortNotice(error, witness: rank + firstRank)
    if error.isPlainToSee { sharedBuffers?.barrier?.post(notice) }
    let isTold = tellNext(notice)
    transport.close(flushingFor: isTold ? timeouts.grace : .zero)
    return error
  }

  /// Sends the notice to the next rank and returns whether it was sent: not where that rank began the notice,
  /// is gone or stuck.
  private func tellNext(_ notice: AbortNotice) -> Bool {
    guard nextRank + firstRank != notice.witness else { return false }
    // Without this call, losses since the last wait would be unknown.
    try? transport.wait(for: [], until: .now)
    let message = notice.message(from: identity)
    return (try? send(message, until: .now + timeouts.grace)) ?? false
  }

  private func send(
    _ message: Message, until deadline: ContinuousClock.Instant
  ) throws(CollectiveError) -> Bool {
    while !transport.lostNeighbours.contains(.next), ContinuousClock.now < deadline {
      if try transport.trySend(message) { return true }
      try transport.wait(for: .room, until: deadline)
    }
    return false
  }
}

extension CollectiveError {
  /// Whether this rank saw the cause itself and cannot be the cause: a rank that is in the wrong operation
  /// takes all others to be wrong.
  fileprivate var isPlainToSee: Bool {
    switch self {
    case .lostPeer, .timeout: true
    default: false
    }
  }
}
