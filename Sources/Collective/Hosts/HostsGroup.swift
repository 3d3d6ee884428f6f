internal import System
internal import Wire

/// The ranks of several hosts, equally many on each: a group within each host, and an ``Engine`` between the
/// hosts.
///
/// Rank r has place r mod g on host ⌊r / g⌋, where g is the number of ranks per host. A host first sums in
/// its own group; then each of its ranks exchanges the elements that it owns with the ranks at its place on
/// the other hosts. So a sum has the order, and the bits, of one host whose sum group is g
/// (`docs/algorithms.md`). A failure of the engine ends the host's group too, and the reverse, so that all
/// ranks learn of it.
public final class HostsGroup: ProcessGroup {
  /// This process's rank among those of all hosts.
  public let rank: Int
  /// The number of ranks of all hosts.
  public let size: Int
  /// Which rank of all hosts owns which elements.
  public var blocks: BlockLayout { BlockLayout(blockLength: local.blocks.blockLength, size: size) }
  /// The group within the host.
  public var ofThisHost: any ProcessGroup { local }
  /// The note of the host's group.
  public var transportNote: String? { local.transportNote }

  /// This host's ranks.
  let local: any ProcessGroup
  let exchange: HostExchange
  /// Memory for messages of floats, and for gathered bytes that this rank sends.
  let memory = HostMemory()
  /// Memory for gathered bytes that arrive, whose length is known only once `memory` is in use.
  let incoming = HostMemory()
  /// What sums are rounded to on their way to other hosts.
  let gradientWire: WireFormat
  private let grace: Duration
  private let failureElsewhere: () -> Int?
  private var state = State.ready
  private var sequence: UInt64 = 0

  private enum State {
    case ready
    case failed(CollectiveError)
    case closed
  }

  /// Connects the host's group to the other hosts through an engine that connects the ranks at this place;
  /// returns when these have met.
  ///
  /// Errors of `local` must number its ranks from the host's first rank (``RingRendezvous/firstRank``). `run`
  /// and `generation` must be the same on all ranks.
  ///
  /// - Parameters:
  ///   - gradientWire: What sums are rounded to on their way to other hosts.
  ///   - failureElsewhere: A rank of another host that others have seen fail; nil if there is none.
  public init(
    _ local: any ProcessGroup, over engine: any Engine, run: String, generation: Int,
    gradientWire: WireFormat = .float32, timeouts: RingGroup.Timeouts = RingGroup.Timeouts(),
    failureElsewhere: @escaping () -> Int? = { nil }
  ) throws(CollectiveError) {
    self.local = local
    self.gradientWire = gradientWire
    self.failureElsewhere = failureElsewhere
    grace = timeouts.grace
    rank = engine.rank * local.size + local.rank
    size = engine.size * local.size
    exchange = HostExchange(
      engine, hostSize: local.size,
      identity: FrameHeader(
        operation: 0, element: 0, run: FrameHeader.digest(ofRun: run), generation: UInt32(generation),
        rank: UInt16(rank), size: UInt16(size)),
      timeouts: timeouts)
    try perform(.hello) { call throws(CollectiveError) in try meetPeers(call) }
  }

  /// Gives the next operation its number and runs `body`; the first error ends the group.
  func perform<Result>(
    _ operation: CollectiveCall.Operation, element: CollectiveCall.Element = .byte, range: Range<Int> = 0..<0,
    root: Int = 0, _ body: (CollectiveCall) throws(CollectiveError) -> Result
  ) throws(CollectiveError) -> Result {
    switch state {
    case .ready: break
    case .failed(let cause): throw .unusable(cause: cause)
    case .closed: throw .closed
    }
    let call = CollectiveCall(operation, sequence: sequence, element: element, range: range, root: root)
    sequence += 1
    exchange.begin()
    do {
      return try body(call)
    } catch {
      let cause = cause(of: error, during: call)
      abandon(because: cause)
      throw cause
    }
  }

  /// Returns the better explanation of `error`: a peer may have left because of a failure that this host's own
  /// ranks, or the launchers, saw.
  private func cause(of error: CollectiveError, during call: CollectiveCall) -> CollectiveError {
    guard case .lostPeer(let lost, _, _) = error, lost / local.size != exchange.host,
      let seen = failureInSight(), seen.culprit != lost
    else { return error }
    return AbortNotice(seen, witness: rank).error(during: call)
  }

  /// Ends the host's group, whose ranks learn the cause, and then the engine.
  ///
  /// Peers learn only that this rank is gone. So it waits a while before it leaves, for those who saw the
  /// failure itself to speak first.
  public func abandon(because error: CollectiveError) {
    guard case .ready = state else { return }
    state = .failed(error)
    local.abandon(because: error)
    exchange.end(after: grace)
  }

  /// Returns a failure that this host's group can see, or of which its launcher has told.
  public func failureInSight() -> CollectiveError? {
    if let seen = local.failureInSight() { return seen }
    guard case .ready = state, let rank = failureElsewhere() else { return nil }
    return .lostPeer(
      rank: rank, operation: CollectiveCall(.betweenOperations, sequence: sequence).name,
      observation: "the launchers have seen it end")
  }

  /// Leaves in order: waits until every rank has come to close.
  public func close() {
    guard case .ready = state else { return }
    // Ignored: a rank that leaves cannot act on a failed farewell.
    try? perform(.farewell) { call throws(CollectiveError) in try meetPeers(call) }
    guard case .ready = state else { return }
    state = .closed
    local.close()
    exchange.end(after: .zero)
  }

  /// Waits for this rank's peers to reach `call`.
  func meetPeers(_ call: CollectiveCall) throws(CollectiveError) {
    try exchange.announce(call)
    try exchange.hear(call)
    try exchange.finishSends(of: call)
  }
}
