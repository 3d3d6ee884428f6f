internal import System
internal import Wire

/// The ranks of several hosts, each of which has as many: a group within each host, and an ``Engine`` between them.
///
/// Rank r has place r mod g on host ⌊r / g⌋, where g is the number of ranks of a host. What is summed over a host in its own
/// group, each of its ranks exchanges its share of with the ranks of its place on the other hosts. So a sum's order is that of
/// one host whose sum group is g (`docs/algorithms.md`), to the bit. An engine's failure ends the host's group as well, and the
/// other way round: so all ranks learn of it.
public final class HostsGroup: ProcessGroup {
  /// This process's place among all hosts' ranks.
  public let rank: Int
  /// The number of ranks of all hosts.
  public let size: Int
  /// Who owns which elements: the ranks of all hosts.
  public var blocks: BlockLayout { BlockLayout(blockLength: local.blocks.blockLength, size: size) }
  /// The group within the host.
  public var ofThisHost: any ProcessGroup { local }
  /// What the host's group says.
  public var transportNote: String? { local.transportNote }

  /// This host's ranks.
  let local: any ProcessGroup
  let exchange: HostExchange
  /// What messages lie in: those of floats, and those that this rank sends.
  let memory = HostMemory()
  /// What gathered messages arrive in, which lives as long as a transfer that was given up may write there.
  let incoming = HostMemory()
  private let grace: Duration
  private let failureElsewhere: () -> Int?
  private var state = State.ready
  private var sequence: UInt64 = 0

  private enum State {
    case ready
    case failed(CollectiveError)
    case closed
  }

  /// Joins the host's group, whose ranks' numbers begin with those of the host, to the others over an engine that connects the
  /// ranks of this place; returns when all of these have met.
  ///
  /// `run` and `generation` must be the same on all ranks.
  ///
  /// - Parameter failureElsewhere: A rank of another host that others have seen fail; nil where there is none.
  public init(
    _ local: any ProcessGroup, over engine: any Engine, run: String, generation: Int,
    timeouts: RingGroup.Timeouts = RingGroup.Timeouts(), failureElsewhere: @escaping () -> Int? = { nil }
  ) throws(CollectiveError) {
    self.local = local
    self.failureElsewhere = failureElsewhere
    grace = timeouts.grace
    rank = engine.rank * local.size + local.rank
    size = engine.size * local.size
    exchange = HostExchange(
      engine, hostSize: local.size,
      identity: FrameHeader(
        operation: 0, element: 0, run: FrameHeader.digest(ofRun: run), generation: UInt32(generation),
        rank: UInt16(rank), size: UInt16(size)),
      silence: timeouts.silence)
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
    do {
      return try body(call)
    } catch {
      let cause = cause(of: error, during: call)
      abandon(because: cause)
      throw cause
    }
  }

  /// A peer that is lost may have left because of a failure that this host's ranks, or the launchers, have seen better.
  private func cause(of error: CollectiveError, during call: CollectiveCall) -> CollectiveError {
    guard case .lostPeer(let lost, _, _) = error, lost / local.size != exchange.host,
      let seen = failureInSight(), seen.culprit != lost
    else { return error }
    return AbortNotice(seen, witness: rank).error(during: call)
  }

  /// Ends the host's group, whose ranks learn the cause, and the engine.
  ///
  /// Peers learn no more than that this rank is gone. So it stays a while: those who see the failure itself speak first.
  public func abandon(because error: CollectiveError) {
    guard case .ready = state else { return }
    state = .failed(error)
    local.abandon(because: error)
    exchange.end(after: grace)
  }

  /// A failure that this host's ranks can see, or of which they were told that it is another host's.
  public func failureInSight() -> CollectiveError? {
    if let seen = local.failureInSight() { return seen }
    guard case .ready = state, let rank = failureElsewhere() else { return nil }
    return .lostPeer(
      rank: rank, operation: CollectiveCall(.barrier, sequence: sequence).name,
      observation: "the launchers have seen it end")
  }

  /// Leaves in order: waits until every rank has come to close.
  public func close() {
    guard case .ready = state else { return }
    // How the farewell ends is of no interest to a rank that leaves.
    try? perform(.farewell) { call throws(CollectiveError) in try meetPeers(call) }
    guard case .ready = state else { return }
    state = .closed
    local.close()
    exchange.end(after: .zero)
  }

  /// Waits for the ranks of this place on the other hosts.
  func meetPeers(_ call: CollectiveCall) throws(CollectiveError) {
    try exchange.announce(call)
    try exchange.hear(call)
    try exchange.finishSends(of: call)
  }
}
