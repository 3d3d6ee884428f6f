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

  let transport: any RingTransport
  let timeouts: Timeouts
  let identity: FrameHeader
  var grain = RingGrain()
  var state = State.ready
  private var sequence: UInt64 = 0
  /// Room for one encoded header.
  let headerBytes = UnsafeMutableRawBufferPointer.allocate(byteCount: FrameHeader.byteCount, alignment: 8)

  enum State {
    case ready
    case failed(CollectiveError)
    case closed
  }

  /// Makes the group of a rank whose neighbours its transport reaches.
  ///
  /// `run` and `generation` must be the same on all ranks: messages of another run or an earlier start are refused.
  public init(
    transport: any RingTransport, rank: Int, size: Int, run: String, generation: Int,
    timeouts: Timeouts = Timeouts()
  ) {
    precondition(size > 0 && size <= UInt16.max && (0..<size).contains(rank), "rank \(rank) of \(size)")
    self.transport = transport
    self.rank = rank
    self.size = size
    self.timeouts = timeouts
    identity = FrameHeader(
      operation: 0, element: 0, run: FrameHeader.digest(ofRun: run), generation: UInt32(generation),
      rank: UInt16(rank), size: UInt16(size))
  }

  /// Gives the next operation its number and runs it to its end; the first error ends the group.
  func perform(
    _ operation: OperationCall.Operation, element: OperationCall.Element = .byte, count: Int = 0,
    root: Int = 0, plan: RingPlan, on buffer: UnsafeMutableRawBufferPointer, silence: Duration? = nil
  ) throws(CollectiveError) {
    try requireReady()
    let call = OperationCall(operation, sequence: sequence, element: element, count: count, root: root)
    sequence += 1
    var exchange = RingExchange(call, plan: plan, on: buffer)
    do {
      try run(&exchange, silence: silence ?? timeouts.silence)
    } catch {
      throw end(because: error)
    }
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
    headerBytes.deallocate()
  }
}

extension RingGroup {
  /// How long a rank waits for its neighbours.
  public struct Timeouts: Sendable {
    /// The longest time without a message from a neighbour that owes one, in any operation.
    public var silence: Duration
    /// The time that a better witness has to name the rank that failed first, before this rank names its neighbour.
    public var grace: Duration

    /// Makes limits, by default 5 minutes and half a second.
    public init(silence: Duration = .seconds(300), grace: Duration = .milliseconds(500)) {
      self.silence = silence
      self.grace = grace
    }
  }
}
