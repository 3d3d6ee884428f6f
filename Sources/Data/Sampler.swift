import Randomness

/// Says which pictures each rank takes in each training step; pure.
///
/// Step k of a world of W ranks with batches of B takes the positions [kBW, (k+1)BW) of the epoch's order, and rank r
/// takes r, r+W, r+2W… of them. So the same global batch holds the same pictures in the same step for any world size.
/// What is left after the last whole step is dropped, as the reference does, and every rank takes the same number of
/// steps.
public struct Sampler: Equatable, Sendable {
  /// The number of pictures in the training set.
  public let count: Int
  /// The number of ranks, W.
  public let worldSize: Int
  /// The number of pictures of one rank in one step, B.
  public let batchSize: Int
  /// The key of every epoch's order.
  public let seed: UInt64
  /// Whether an epoch's order is random, or else the data set's own.
  public let shuffle: Bool

  /// Makes a sampler; throws `DataError.batchLargerThanData` where not even one step would fit.
  public init(
    count: Int, worldSize: Int, batchSize: Int, seed: UInt64, shuffle: Bool = true
  ) throws(DataError) {
    precondition(worldSize > 0 && batchSize > 0, "a world and a batch hold at least one")
    guard count >= worldSize * batchSize else {
      throw .batchLargerThanData(count: count, batchSize: batchSize, worldSize: worldSize)
    }
    self.count = count
    self.worldSize = worldSize
    self.batchSize = batchSize
    self.seed = seed
    self.shuffle = shuffle
  }

  /// The number of steps of an epoch, the same on all ranks.
  public var stepsPerEpoch: Int { count / (worldSize * batchSize) }

  /// The indices of all pictures in the order of `epoch`, the same on all ranks.
  public func order(epoch: Int) -> [Int] {
    guard shuffle else { return Array(0..<count) }
    var generator = KeyedGenerator(seed: seed, stream: .order, epoch: epoch)
    return generator.permutation(of: count)
  }

  /// The indices that `rank` takes in each step of `epoch`: `stepsPerEpoch` batches of `batchSize`.
  public func batches(epoch: Int, rank: Int) -> [[Int]] {
    precondition((0..<worldSize).contains(rank), "rank \(rank) is not one of \(worldSize)")
    let order = order(epoch: epoch)
    let global = worldSize * batchSize
    return (0..<stepsPerEpoch).map { step in
      stride(from: step * global + rank, to: (step + 1) * global, by: worldSize).map { order[$0] }
    }
  }
}
