import Collective
import Torch

/// Sums the gradients over the ranks bucket by bucket, where possible while `backward()` still computes later
/// ones.
final class GradientReducer {
  private let flat: FlatParameters
  private let exchange: RankExchange
  /// Sums buckets during `backward()`; nil where everything is summed after it.
  private let early: OverlappedReducer?

  /// Registers gradient hooks where overlap helps: with several ranks, and in host memory.
  init(_ flat: FlatParameters, _ exchange: RankExchange, _ parallelism: Parallelism) {
    self.flat = flat
    self.exchange = exchange
    let overlaps = parallelism.overlaps && exchange.group.size > 1 && flat.isOnHost
    early = overlaps ? OverlappedReducer(flat, exchange) : nil
  }

  /// Announces that the next `backward()` is the step's last, after which every gradient is complete.
  func expectLastGradients() { early?.begin() }

  /// Sums the remaining buckets; afterwards at least this rank's own blocks hold sums.
  func finish() throws(CollectiveError) {
    guard exchange.group.size > 1 else { return }
    if let early {
      try early.finish()
    } else {
      try exchange.timed(reduceAll)
    }
  }

  /// This rank's part of the gradients' sum of squares: over the elements that it owns, or on cards an equal
  /// share of the whole.
  func ownSquares() throws(TrainingError) -> Double {
    guard flat.isOnHost || exchange.group.size > 1 && flat.cardGradients == nil else {
      let norm = Readback(flat.gradients.tensor.norm())
      try norm.wait(besides: exchange.group)
      return norm.numbers().reduce(0) { $0 + $1 * $1 } / Double(exchange.group.size)
    }
    return flat.squares(in: flat.layout.learning.flatMap(exchange.owned))
  }

  /// Enqueues the sum of gradients that lie on cards.
  func sumOnCards(_ gradients: SymmetricBuffer) throws(CollectiveError) {
    for range in flat.layout.learning { try exchange.group.allReduceSum(gradients, range) }
  }

  private func reduceAll() throws(CollectiveError) {
    if let gradients = flat.cardGradients { return try sumOnCards(gradients) }
    if flat.isOnHost { return try reduceBuckets() }
    let host = Tensor(memory: flat.sharedGradients.floats, keeping: flat.sharedGradients)
    host.copy(from: flat.gradients.tensor)
    try reduceBuckets()
    flat.gradients.tensor.copy(from: host)
  }

  private func reduceBuckets() throws(CollectiveError) {
    for bucket in flat.layout.buckets { try exchange.reduce(flat.sharedGradients, bucket) }
  }
}

/// Sums each bucket as soon as its gradients are complete.
///
/// A hook on each parameter reports its gradient. On the CPU it runs on the thread that runs `backward()`, so
/// only the hand-over to the communication thread needs a lock.
private final class OverlappedReducer {
  private let progress: Progress
  private let exchange: RankExchange

  /// The state that the hooks hold: nothing that keeps the network alive, which itself keeps the hooks.
  private final class Progress {
    var buckets: BucketProgress
    let thread: CommunicationThread

    init(_ layout: FlatLayout, _ thread: CommunicationThread) {
      buckets = BucketProgress(layout)
      self.thread = thread
    }
  }

  init(_ flat: FlatParameters, _ exchange: RankExchange) {
    self.exchange = exchange
    let (buckets, buffer) = (flat.layout.buckets, flat.sharedGradients)
    let thread = CommunicationThread { bucket throws(CollectiveError) in
      try exchange.reduce(buffer, buckets[bucket])
    }
    progress = Progress(flat.layout, thread)
    for index in flat.learning {
      // The network may outlive its trainer.
      flat.parameters[index].tensor.onGradient { [weak progress] in
        guard let progress else { return }
        progress.thread.handOver(progress.buckets.finish(parameter: index))
      }
    }
  }

  func begin() { progress.buckets.begin() }

  /// Hands over the buckets whose gradients never came, and waits for all sums.
  func finish() throws(CollectiveError) {
    progress.thread.handOver(progress.buckets.finishAll())
    let watch = ContinuousClock.now
    let busy = try progress.thread.drain()
    exchange.count(busy, waited: .now - watch)
  }
}

/// Which buckets may be summed while `backward()` computes the rest.
///
/// Buckets are summed in order, the same on every rank: one that is complete early waits for those before it.
struct BucketProgress: Equatable, Sendable {
  private let buckets: [Range<Int>]
  private let parametersOfBucket: [Int]
  private var missing: [Int] = []
  private var isReady: [Bool] = []
  private var next = 0

  /// Tracks the buckets of a layout; none may be summed before `begin()`.
  init(_ layout: FlatLayout) {
    buckets = layout.places.indices.map(layout.buckets(of:))
    parametersOfBucket = layout.buckets.indices.map { bucket in
      layout.places.indices.count {
        layout.places[$0].pace != nil && layout.buckets(of: $0).contains(bucket)
      }
    }
    next = layout.buckets.count
  }

  /// Starts a step: no parameter's gradient is complete.
  mutating func begin() {
    missing = parametersOfBucket
    isReady = Array(repeating: false, count: buckets.count)
    next = 0
  }

  /// Notes a complete gradient and returns the buckets that may now be summed.
  mutating func finish(parameter: Int) -> Range<Int> {
    guard next < missing.count, !isReady[parameter] else { return next..<next }
    isReady[parameter] = true
    for bucket in buckets[parameter] { missing[bucket] -= 1 }
    let first = next
    while next < missing.count, missing[next] == 0 { next += 1 }
    return first..<next
  }

  /// Returns the buckets not summed yet, when no further gradient will come.
  mutating func finishAll() -> Range<Int> {
    defer { next = parametersOfBucket.count }
    return next..<parametersOfBucket.count
  }
}
