/// Shares a validation set out so that every picture is evaluated exactly once; pure.
///
/// Rank r of W takes r, r+W, r+2W… Nothing is padded: ranks may differ by one picture, and have none at all where there
/// are fewer pictures than ranks.
public struct EvaluationSampler: Equatable, Sendable {
  /// The number of pictures in the validation set.
  public let count: Int
  /// The number of ranks.
  public let worldSize: Int
  /// The largest number of pictures in a batch.
  public let batchSize: Int

  /// Makes a sampler; any count will do, also zero.
  public init(count: Int, worldSize: Int, batchSize: Int) {
    precondition(worldSize > 0 && batchSize > 0, "a world and a batch hold at least one")
    self.count = count
    self.worldSize = worldSize
    self.batchSize = batchSize
  }

  /// The indices that `rank` evaluates.
  public func indices(rank: Int) -> [Int] {
    precondition((0..<worldSize).contains(rank), "rank \(rank) is not one of \(worldSize)")
    return Array(stride(from: rank, to: count, by: worldSize))
  }

  /// The same indices in batches; the last one may be smaller.
  public func batches(rank: Int) -> [[Int]] {
    let indices = indices(rank: rank)
    return stride(from: 0, to: indices.count, by: batchSize).map { start in
      Array(indices[start..<min(start + batchSize, indices.count)])
    }
  }
}
