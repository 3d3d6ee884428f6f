internal import Glibc

/// Ranks with one card each: a ``CardEngine`` sums what lies on the cards, and a group of the processes does
/// all else.
///
/// Sums on cards are taken in the engine's order: the same bits on all ranks, but not the bits of another
/// transport. Members whose comment says "forwarded" call the group of the processes, whose description
/// holds.
public final class CardsGroup: ProcessGroup {
  private let processes: any ProcessGroup
  private let engine: any CardEngine

  /// Combines a group of processes that have met with the engine that connects their cards.
  public init(_ processes: any ProcessGroup, summingBy engine: any CardEngine) {
    (self.processes, self.engine) = (processes, engine)
  }

  /// Forwarded.
  public var rank: Int { processes.rank }
  /// Forwarded.
  public var size: Int { processes.size }
  /// Forwarded.
  public var blocks: BlockLayout { processes.blocks }
  /// Forwarded.
  public var transportNote: String? { processes.transportNote }
  /// Forwarded.
  public var ofThisHost: any ProcessGroup { processes.ofThisHost }

  /// Returns true for every card's memory, and for what the group of the processes can sum.
  public func canSum(at place: SymmetricBuffer.Place) -> Bool {
    if case .device = place { true } else { processes.canSum(at: place) }
  }

  /// Sums where the floats lie; on a card it enqueues the sum and returns at once.
  public func allReduceSum(_ buffer: SymmetricBuffer, _ range: Range<Int>) throws(CollectiveError) {
    precondition((0..<buffer.count).contains(range), "\(range) of \(buffer.count) floats")
    try together { () throws(CollectiveError) in
      guard case .device = buffer.place else { return try processes.allReduceSum(buffer, range) }
      try engine.sum(UnsafeMutableBufferPointer(rebasing: buffer.floats[range]))
    }
  }

  /// Sums where the floats lie; on a card it is an all-reduce, since the engine has no cheaper operation.
  public func reduceScatterSum(_ buffer: SymmetricBuffer, _ range: Range<Int>) throws(CollectiveError) {
    if case .device = buffer.place { return try allReduceSum(buffer, range) }
    try together { () throws(CollectiveError) in try processes.reduceScatterSum(buffer, range) }
  }

  /// Forwarded for host memory; does nothing on a card, where every rank has all sums already.
  public func allGatherBlocks(_ buffer: SymmetricBuffer, _ range: Range<Int>) throws(CollectiveError) {
    if case .device = buffer.place { return }
    try together { () throws(CollectiveError) in try processes.allGatherBlocks(buffer, range) }
  }

  /// Forwarded; the buffer lies in host memory.
  public func makeBuffer(count: Int) throws(CollectiveError) -> SymmetricBuffer {
    try together { () throws(CollectiveError) in try processes.makeBuffer(count: count) }
  }

  /// Forwarded; the buffer lies in host memory.
  public func makeSharedBuffer(count: Int) throws(CollectiveError) -> SymmetricBuffer? {
    try together { () throws(CollectiveError) in try processes.makeSharedBuffer(count: count) }
  }

  /// Forwarded.
  public func broadcast(_ bytes: UnsafeMutableRawBufferPointer, from root: Int) throws(CollectiveError) {
    try together { () throws(CollectiveError) in try processes.broadcast(bytes, from: root) }
  }

  /// Forwarded.
  public func allGather(_ bytes: [UInt8]) throws(CollectiveError) -> [[UInt8]] {
    try together { () throws(CollectiveError) in try processes.allGather(bytes) }
  }

  /// Forwarded; work queued on the cards may still be running.
  public func barrier() throws(CollectiveError) {
    try together { () throws(CollectiveError) in try processes.barrier() }
  }

  /// Returns a failure of another process, or else of the sums on the cards.
  ///
  /// An engine cannot say which rank failed. So after an engine's failure this waits up to half a second for
  /// the processes to report one that names the rank.
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

  /// Cancels the sums on this card and tells the other processes the cause.
  public func abandon(because error: CollectiveError) {
    processes.abandon(because: error)
    engine.abort()
  }

  /// Closes the group of the processes, then the engine; every rank calls it.
  public func close() {
    processes.close()
    engine.close()
  }

  /// Runs `body`; a failure ends both the group of the processes and the engine.
  private func together<Result>(
    _ body: () throws(CollectiveError) -> Result
  ) throws(CollectiveError) -> Result {
    do { return try body() } catch {
      abandon(because: error)
      throw error
    }
  }
}
