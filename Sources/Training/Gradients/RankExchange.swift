import Collective
import Recipe
import Torch

/// What the ranks give one another in a step, and which part of the update each does.
///
/// Sharded or not, every rank ends with the same bits: a sharded step is an all-reduce whose second half, the
/// all-gather, carries updated weights instead of gradients.
final class RankExchange {
  let group: any ProcessGroup
  /// Whether each rank updates its own blocks alone.
  let isSharded: Bool
  /// Hears when a phase of a step begins.
  private let clock: PhaseClock
  /// What this step's exchanges took so far.
  private(set) var time = CommunicationTime()

  /// Divides the update where that was asked for and can be done: between ranks, and in host memory.
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

  /// Sums gradients where they are needed: on every rank, or with their owner.
  func reduce(_ gradients: SymmetricBuffer, _ range: Range<Int>) throws(CollectiveError) {
    if isSharded {
      try group.reduceScatterSum(gradients, range)
    } else {
      try group.allReduceSum(gradients, range)
    }
  }

  /// Gives every rank the weights in `ranges` that others have updated.
  func complete(_ weights: SymmetricBuffer?, _ ranges: [Range<Int>]) throws(CollectiveError) {
    guard isSharded, let weights else { return }
    clock.begin(.communicate)
    defer { clock.begin(.optimizer) }
    try timed { () throws(CollectiveError) in
      for range in ranges { try group.allGatherBlocks(weights, range) }
    }
  }

  /// What every rank reports, by rank.
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

  /// What any rank has to tell.
  func united(_ own: RankSignals) throws(TrainingError) -> RankSignals {
    let watch = ContinuousClock.now
    defer { time.add(hidden: .zero, exposed: .now - watch) }
    return try own.united(in: group)
  }

  /// Forgets the times of the step before.
  func restartClock() { time = CommunicationTime() }

  /// Counts the time of an exchange for which this thread waits.
  func timed<Result>(_ body: () throws(CollectiveError) -> Result) throws(CollectiveError) -> Result {
    let watch = ContinuousClock.now
    let result = try body()
    time.add(hidden: .zero, exposed: .now - watch)
    return result
  }

  /// Counts exchanges of another thread, and the part of their time for which this one had to wait.
  func count(_ whole: Duration, waited: Duration) { time.add(hidden: whole - waited, exposed: waited) }
}

extension RankExchange {
  /// Copies the other ranks' blocks of `own` to `target`, where there is one; every rank must call it, and `room` holds
  /// nothing afterwards.
  ///
  /// Where the ranks see one another's memory, who has a target copies from there, and nobody else's blocks travel.
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

/// What the exchanges of a step cost.
public struct CommunicationTime: Equatable, Sendable {
  /// Seconds that exchanges took.
  public private(set) var seconds = 0.0
  /// Seconds of them in which the step did nothing else.
  public private(set) var exposedSeconds = 0.0

  init() {}

  mutating func add(hidden: Duration, exposed: Duration) {
    seconds += (max(.zero, hidden) + exposed) / .seconds(1)
    exposedSeconds += exposed / .seconds(1)
  }
}

/// How the ranks divide a step among them; no number of a run depends on it.
public struct Parallelism: Equatable, Sendable {
  /// Whether gradients are summed while backward goes on.
  public var overlaps = true
  /// Whether each rank updates its own blocks of the weights alone; nil where that can be done.
  public var shardsOptimizer: Bool?
  /// The most bytes of gradients that are summed at once.
  public var bucketBytes = 25 << 20
  /// After how many updates the ranks compare their weights; 0 is never.
  public var weightCheckInterval = 100
  /// Whether a card records a step, where it can, and makes others by repeating it.
  public var recordsSteps = true
  /// Whether a block keeps its input alone until its gradients are due, and is then computed again.
  public var recomputesBlocks = false

  /// The same where a rule takes whole parameters, which lie in the blocks of several ranks: each rank then updates all.
  func updating(by rule: Recipe.Optimizer) -> Parallelism {
    var whole = self
    if rule.takesWholeParameters { whole.shardsOptimizer = false }
    return whole
  }

  /// Overlapped, sharded where that can be done, in buckets of 25 MiB, compared every 100 updates.
  public init() {}
}
