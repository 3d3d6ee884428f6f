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

  /// Overlapped, divided where that can be done, in buckets of 25 MiB, compared every 100 updates.
  public init() {}
}
