import Collective
import Torch

/// Sums the gradients over the ranks bucket by bucket, if it can while `backward()` fills later ones.
final class GradientReducer {
  private let flat: FlatParameters
  private let exchange: RankExchange
  /// What sums during `backward()`; nil where everything is summed after it.
  private let early: OverlappedReducer?

  /// Listens to the network's gradients where that helps: between ranks, and in host memory.
  init(_ flat: FlatParameters, _ exchange: RankExchange, _ parallelism: Parallelism) {
    self.flat = flat
    self.exchange = exchange
    let overlaps = parallelism.overlaps && exchange.group.size > 1 && flat.isOnHost
    early = overlaps ? OverlappedReducer(flat, exchange) : nil
  }

  /// Announces that the next `backward()` is the step's last, after which every gradient is whole.
  func expectLastGradients() { early?.begin() }

  /// Sums what is not summed yet; this rank's own blocks, at least, hold sums afterwards.
  func finish() throws(CollectiveError) {
    guard exchange.group.size > 1 else { return }
    if let early {
      try early.finish()
    } else {
      try exchange.timed(reduceAll)
    }
  }

  /// This rank's part of the sum of the squares of all gradients: of those that it owns, or an equal one on cards.
  func ownSquares() throws(TrainingError) -> Double {
    guard flat.isOnHost || exchange.group.size > 1 && flat.cardGradients == nil else {
      let norm = Readback(flat.gradients.tensor.norm())
      try norm.wait(besides: exchange.group)
      return norm.numbers().reduce(0) { $0 + $1 * $1 } / Double(exchange.group.size)
    }
    return flat.squares(in: flat.layout.learning.flatMap(exchange.owned))
  }

  /// Has the cards sum the gradients that lie there, behind all that they are busy with.
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

/// Buckets that leave as soon as their gradients are whole.
///
/// A hook of each parameter tells of its gradient; on the CPU it is called on the thread that runs `backward()`, so
/// only the hand-over to the communication thread needs a lock.
private final class OverlappedReducer {
  private let progress: Progress
  private let exchange: RankExchange

  /// What the hooks know: nothing that would keep the network, which keeps the hooks.
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
      // A network may outlive its trainer; then there is nobody to tell.
      flat.parameters[index].tensor.onGradient { [weak progress] in
        guard let progress else { return }
        progress.thread.handOver(progress.buckets.finish(parameter: index))
      }
    }
  }

  func begin() { progress.buckets.begin() }

  /// Hands over what no gradient came for, and waits for all.
  func finish() throws(CollectiveError) {
    progress.thread.handOver(progress.buckets.finishAll())
    let watch = ContinuousClock.now
    let busy = try progress.thread.drain()
    exchange.count(busy, waited: .now - watch)
  }
}

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
      layout.places.indices.count {
        layout.places[$0].pace != nil && layout.buckets(of: $0).contains(bucket)
      }
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
