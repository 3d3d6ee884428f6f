internal import Wire

/// Ranks in a ring, each talking to its two neighbours through a ``RingTransport``.
///
/// Use a group on one thread at a time; its operations block that thread, without using the processor, until the
/// ring has done its part or a neighbour has failed to. The first error ends the group: it tells the next rank which
/// rank was the cause, closes its connections so that no neighbour waits for it, and throws
/// ``CollectiveError/unusable(cause:)`` from then on. Call ``close()`` on the healthy way out.
public final class RingGroup: ProcessGroup {
  /// This process's place in the ring; messages go to the next higher rank.
  public let rank: Int
  /// The number of ranks.
  public let size: Int
  /// Who owns which elements of a buffer.
  public var blocks: BlockLayout { BlockLayout(blockLength: grain.blockLength, size: size) }
  /// Why this group's buffers are not where they were to be, as a sentence; nil where all is as it was asked for.
  public var transportNote: String? { sharedBuffers?.note }

  let transport: any RingTransport
  let timeouts: Timeouts
  let identity: FrameHeader
  let grain: RingGrain
  /// How sums travel where they are sent as bytes; the same on all ranks.
  let gradientWire: WireFormat
  /// What the ranks are called elsewhere, from rank 0 on: errors name them so.
  let firstRank: Int
  /// In which order sums are taken; over sockets, only with all ranks in one group.
  let sumOrder: SumOrder
  /// What lies in memory that all ranks see, where there is some; nil where floats travel over the sockets.
  let sharedBuffers: SharedBuffers?
  private var state = State.ready
  private var sequence: UInt64 = 0
  /// Messages of the next operation that came before this one had ended.
  private var held: [Message] = []

  private enum State {
    case ready
    case failed(CollectiveError)
    case closed
  }

  /// Makes the group of a rank whose neighbours its transport reaches.
  ///
  /// `run` and `generation` must be the same on all ranks: messages of another run or an earlier start are refused.
  public convenience init(
    transport: any RingTransport, rank: Int, size: Int, run: String, generation: Int,
    timeouts: Timeouts = Timeouts()
  ) {
    self.init(
      transport: transport, rank: rank, size: size, run: run, generation: generation, timeouts: timeouts,
      grain: RingGrain(), gradientWire: .float32, sharedBuffers: nil)
  }

  /// Makes a group whose buffers are cut, sent or placed in another way; in the same way on all ranks.
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

  /// The next message from the previous rank: one that came while the ranks met, or a new one.
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
    /// The time that a better witness has to name the rank that failed first, before this rank names its neighbour; a rank
    /// that leaves gives its last message as long to get out.
    public var grace: Duration

    /// Makes limits, by default 5 minutes and half a second.
    public init(silence: Duration = .seconds(300), grace: Duration = .milliseconds(500)) {
      self.silence = silence
      self.grace = grace
    }
  }
}

extension RingGroup {
  /// Leaves the ring in order: waits until every rank has come to close, so that nobody loses a last message.
  ///
  /// A rank still busy with an operation then fails, naming this rank as gone. After an error it does nothing more.
  public func close() {
    guard case .ready = state else { return }
    let nothing = UnsafeMutableRawBufferPointer(start: nil, count: 0)
    // How the farewell ends is of no interest to a rank that leaves. It waits as long as in any operation: on a machine
    // that is busy, whoever gave up sooner would end the last operation of a rank that has not had its turn yet.
    try? perform(.farewell, plan: .roundTrip(rank: rank, size: size), on: nothing)
    if case .ready = state { transport.close(flushingFor: timeouts.grace) }
    state = .closed
  }

  /// Makes the group unusable because of what this rank saw elsewhere; the others learn of it.
  public func abandon(because error: CollectiveError) {
    if case .ready = state { _ = end(because: error) }
  }

  /// What this rank sees between operations: a notice, or a neighbour that is gone, which has the grace to be explained.
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

  /// Makes the group unusable, tells the next rank why, which has the grace to take that in, and closes the connections so that the failure spreads.
  private func end(because error: CollectiveError) -> CollectiveError {
    state = .failed(error)
    let notice = AbortNotice(error, witness: rank + firstRank)
    if error.isPlainToSee { sharedBuffers?.barrier?.post(notice) }
    let isTold = tellNext(notice)
    transport.close(flushingFor: isTold ? timeouts.grace : .zero)
    return error
  }

  /// Whether the notice was sent. It ends where it began, and a next rank that is gone or stuck gets none.
  private func tellNext(_ notice: AbortNotice) -> Bool {
    guard nextRank + firstRank != notice.witness else { return false }
    // Without it, what was learnt of losses is as old as the last wait.
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
  /// Whether this rank saw the cause itself and cannot be the cause: an odd rank takes the others for odd.
  fileprivate var isPlainToSee: Bool {
    switch self {
    case .lostPeer, .timeout: true
    default: false
    }
  }
}
