internal import Glibc

/// Ranks with a card each: the group of their processes, and a ``CardEngine`` for what lies on the cards.
///
/// Floats on a card are summed there, in the engine's order: the same bits on all ranks, which other ways of summing do not
/// give. Everything else is the processes' affair.
public final class CardsGroup: ProcessGroup {
  private let processes: any ProcessGroup
  private let engine: any CardEngine

  /// Ranks that have met, and whose cards have.
  public init(_ processes: any ProcessGroup, summingBy engine: any CardEngine) {
    (self.processes, self.engine) = (processes, engine)
  }

  /// That of the process.
  public var rank: Int { processes.rank }
  /// That of the processes.
  public var size: Int { processes.size }
  /// Those of the processes.
  public var blocks: BlockLayout { processes.blocks }
  /// What the processes' group says.
  public var transportNote: String? { processes.transportNote }
  /// The processes of this host.
  public var ofThisHost: any ProcessGroup { processes.ofThisHost }

  /// On cards too.
  public func canSum(at place: SymmetricBuffer.Place) -> Bool {
    if case .device = place { true } else { processes.canSum(at: place) }
  }

  /// Sums where the floats lie. On a card nobody waits, and the sums are there for what it is asked for next.
  public func allReduceSum(_ buffer: SymmetricBuffer, _ range: Range<Int>) throws(CollectiveError) {
    precondition((0..<buffer.count).contains(range), "\(range) of \(buffer.count) floats")
    try together { () throws(CollectiveError) in
      guard case .device = buffer.place else { return try processes.allReduceSum(buffer, range) }
      try engine.sum(UnsafeMutableBufferPointer(rebasing: buffer.floats[range]))
    }
  }

  /// Sums where the floats lie; on cards every rank gets all sums.
  public func reduceScatterSum(_ buffer: SymmetricBuffer, _ range: Range<Int>) throws(CollectiveError) {
    if case .device = buffer.place { return try allReduceSum(buffer, range) }
    try together { () throws(CollectiveError) in try processes.reduceScatterSum(buffer, range) }
  }

  /// Gives each rank the owners' elements, in the processes' memory; on cards each rank has all sums already.
  public func allGatherBlocks(_ buffer: SymmetricBuffer, _ range: Range<Int>) throws(CollectiveError) {
    if case .device = buffer.place { return }
    try together { () throws(CollectiveError) in try processes.allGatherBlocks(buffer, range) }
  }

  /// Makes it in the processes' memory.
  public func makeBuffer(count: Int) throws(CollectiveError) -> SymmetricBuffer {
    try together { () throws(CollectiveError) in try processes.makeBuffer(count: count) }
  }

  /// Makes it in the processes' memory.
  public func makeSharedBuffer(count: Int) throws(CollectiveError) -> SymmetricBuffer? {
    try together { () throws(CollectiveError) in try processes.makeSharedBuffer(count: count) }
  }

  /// Among the processes.
  public func broadcast(_ bytes: UnsafeMutableRawBufferPointer, from root: Int) throws(CollectiveError) {
    try together { () throws(CollectiveError) in try processes.broadcast(bytes, from: root) }
  }

  /// Among the processes.
  public func allGather(_ bytes: [UInt8]) throws(CollectiveError) -> [[UInt8]] {
    try together { () throws(CollectiveError) in try processes.allGather(bytes) }
  }

  /// Of the processes; their cards may still be at work.
  public func barrier() throws(CollectiveError) {
    try together { () throws(CollectiveError) in try processes.barrier() }
  }

  /// A failure of another process, or of the sums on the cards.
  ///
  /// A library knows no rank that is the cause, of which the processes may hear a moment later.
  public func failureInSight() -> CollectiveError? {
    if let failure = processes.failureInSight() { return failure }
    do throws(CollectiveError) { try engine.check() } catch {
      let deadline = ContinuousClock.now + Self.grace
      repeat {
        if let failure = processes.failureInSight() { return failure }
        usleep(1000)
      } while ContinuousClock.now < deadline
      return error
    }
    return nil
  }

  private static let grace = Duration.milliseconds(500)

  /// Gives up the sums on this card, and has the other processes learn why.
  public func abandon(because error: CollectiveError) {
    processes.abandon(because: error)
    engine.abort()
  }

  /// Leaves with all ranks.
  public func close() {
    processes.close()
    engine.close()
  }

  /// Has a failure on either side end both.
  private func together<Result>(
    _ body: () throws(CollectiveError) -> Result
  ) throws(CollectiveError) -> Result {
    do { return try body() } catch {
      abandon(because: error)
      throw error
    }
  }
}
