import Collective
import Recipe
import Torch

/// What the ranks exchange in a step, and which part of the update each rank makes.
///
/// Sharded or not, every rank ends with the same bits: a sharded step is an all-reduce whose second half, the
/// all-gather, carries updated weights instead of gradients.
final class RankExchange {
  let group: any ProcessGroup
  /// Whether each rank updates only its own blocks.
  let isSharded: Bool
  /// Is told when a phase of a step begins.
  private let clock: PhaseClock
  /// The time of this step's exchanges so far.
  private(set) var time = CommunicationTime()

  /// Shards the update where that is asked for and possible: with several ranks, and in host memory.
  init(
    _ group: any ProcessGroup, _ parallelism: Parallelism, on device: Device, clock: PhaseClock = PhaseClock()
  ) {
    self.group = group
    self.clock = clock
    isSharded = parallelism.shardsOptimizer ?? true && group.size > 1 && device == .cpu
  }

  /// The blocks of `whole` that this rank owns.
  func owned(of whole: Range<Int>) -> [Range<Int>] { group.blocks.ranges(of: group.rank, in: whole) }

  /// The blocks of `whole` that this rank updates.
  func updated(of whole: Range<Int>) -> [Range<Int>] {
    if isSharded { return owned(of: whole) }
    return BlockLayout(blockLength: group.blocks.blockLength, size: 1).ranges(of: 0, in: whole)
  }

  /// Sums gradients on every rank, or in a sharded update with their owners only.
  func reduce(_ gradients: SymmetricBuffer, _ range: Range<Int>) throws(CollectiveError) {
    if isSharded {
      try group.reduceScatterSum(gradients, range)
    } else {
      try group.allReduceSum(gradients, range)
    }
  }

  /// Sends the updated weights in `ranges` to every rank, after a sharded update.
  func complete(_ weights: SymmetricBuffer?, _ ranges: [Range<Int>]) throws(CollectiveError) {
    guard isSharded, let weights else { return }
    clock.begin(.communicate)
    defer { clock.begin(.optimizer) }
    try timed { () throws(CollectiveError) in
      for range in ranges { try gather(weights, range) }
    }
  }

  /// Sends updated weights likewise, from whichever thread has the group.
  func gather(_ weights: SymmetricBuffer?, _ range: Range<Int>) throws(CollectiveError) {
    if let weights { try group.allGatherBlocks(weights, range) }
  }

  /// Gathers every rank's report, by rank.
  func all(_ own: RankReport) throws(CollectiveError) -> [RankReport] {
    guard group.size > 1 else { return [own] }
    return try timed { () throws(CollectiveError) in
      try group.allGather(own.bytes).enumerated().map { rank, bytes throws(CollectiveError) in
        guard let report = RankReport(bytes) else {
          throw .mismatch(
            rank: rank, operation: "report", expected: "a step's report", found: "\(bytes.count) bytes")
        }
        return report
      }
    }
  }

  /// Returns the union of all ranks' signals.
  func united(_ own: RankSignals) throws(TrainingError) -> RankSignals {
    let watch = ContinuousClock.now
    defer { time.add(hidden: .zero, exposed: .now - watch) }
    return try own.united(in: group)
  }

  /// Resets the times for a new step.
  func restartClock() { time = CommunicationTime() }

  /// Runs an exchange for which this thread waits, and counts its time.
  func timed<Result>(_ body: () throws(CollectiveError) -> Result) throws(CollectiveError) -> Result {
    let watch = ContinuousClock.now
    let result = try body()
    time.add(hidden: .zero, exposed: .now - watch)
    return result
  }

  /// Counts exchanges of another thread, and the part of their time for which this one waited.
  func count(_ whole: Duration, waited: Duration) { time.add(hidden: whole - waited, exposed: waited) }
}

extension RankExchange {
  /// Copies the other ranks' blocks of `own` to `target`, if given. Every rank must call it; it overwrites
  /// `room`.
  ///
  /// Where ranks share memory, a rank with a target copies directly from the others, and nothing is sent to
  /// the rest.
  func gather(
    _ own: UnsafeMutableBufferPointer<Float>, through room: SymmetricBuffer,
    to target: UnsafeMutableBufferPointer<Float>?
  ) throws(CollectiveError) {
    let all = 0..<room.count
    copy(owned(of: all), of: own, to: room.floats)
    if room.isShared { try group.barrier() } else { try group.allGatherBlocks(room, all) }
    if let target {
      for rank in 0..<group.size where rank != group.rank {
        copy(group.blocks.ranges(of: rank, in: all), of: room.floats(of: rank), to: target)
      }
    }
    if room.isShared { try group.barrier() }
  }
}

/// The time that a step's exchanges took.
public struct CommunicationTime: Equatable, Sendable {
  /// Seconds that exchanges took.
  public private(set) var seconds = 0.0
  /// The part of those seconds in which the step did nothing else.
  public private(set) var exposedSeconds = 0.0

  init() {}

  mutating func add(hidden: Duration, exposed: Duration) {
    seconds += (max(.zero, hidden) + exposed) / .seconds(1)
    exposedSeconds += exposed / .seconds(1)
  }
}

/// How the ranks divide a step among them; it affects no result.
public struct Parallelism: Equatable, Sendable {
  /// Whether gradients are summed while `backward()` goes on.
  public var overlaps = true
  /// Whether each rank updates only its own blocks of the weights; nil shards where possible.
  public var shardsOptimizer: Bool?
  /// Whether a sharded update's weights come during the next forward pass, where exchanges overlap: for ranks on several
  /// hosts. Whoever reads weights between steps then calls `Trainer.settle()` first.
  public var prefetchesWeights = false
  /// The largest bucket of gradients, in bytes.
  public var bucketBytes = 25 << 20
  /// The number of updates between comparisons of the ranks' weights; 0 disables them.
  public var weightCheckInterval = 100
  /// Whether a card records a step, where it can, and replays it for later ones.
  public var recordsSteps = true
  /// Whether a block keeps only its input and is recomputed in `backward()` (gradient checkpointing).
  public var recomputesBlocks = false

  /// Turns sharding off for rules that need whole parameters, since these lie in the blocks of several ranks.
  func updating(by rule: Recipe.Optimizer) -> Parallelism {
    var whole = self
    if rule.takesWholeParameters { whole.shardsOptimizer = false }
    return whole
  }

  /// Makes the defaults: overlapped, sharded where possible, buckets of 25 MiB, weights compared every 100
  /// updates.
  public init() {}
}
