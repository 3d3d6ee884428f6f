/// Which buckets may go to the other ranks while `backward()` fills the rest.
///
/// Buckets go in order, the same on every rank: one that is ready early waits for those before it.
struct BucketProgress: Equatable, Sendable {
  private let buckets: [Range<Int>]
  private let parametersOfBucket: [Int]
  private var missing: [Int] = []
  private var isReady: [Bool] = []
  private var next = 0

  /// Follows the buckets of a layout; none may go before `begin`.
  init(_ layout: FlatLayout) {
    buckets = layout.places.indices.map(layout.buckets(of:))
    parametersOfBucket = layout.buckets.indices.map { bucket in
      layout.places.indices.count { layout.buckets(of: $0).contains(bucket) }
    }
    next = layout.buckets.count
  }

  /// Waits for all parameters anew.
  mutating func begin() {
    missing = parametersOfBucket
    isReady = Array(repeating: false, count: buckets.count)
    next = 0
  }

  /// Takes note of a whole gradient; the buckets that may go now.
  mutating func finish(parameter: Int) -> Range<Int> {
    guard next < missing.count, !isReady[parameter] else { return next..<next }
    isReady[parameter] = true
    for bucket in buckets[parameter] { missing[bucket] -= 1 }
    let first = next
    while next < missing.count, missing[next] == 0 { next += 1 }
    return first..<next
  }

  /// The buckets that have not gone yet, when no further gradient will come.
  mutating func finishAll() -> Range<Int> {
    defer { next = parametersOfBucket.count }
    return next..<parametersOfBucket.count
  }
}
