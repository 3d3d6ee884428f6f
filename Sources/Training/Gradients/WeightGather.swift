import Collective
import Torch

/// Sends the weights that each rank has updated to all ranks while the next forward pass already uses the
/// first of them (FSDP's forward prefetch).
///
/// After an update the weights are owed: nobody may read them. `start` hands them to a communication thread,
/// which has the group until `finish`. Meanwhile a weight's tensor waits for its own pieces before it is used,
/// so no reader can be forgotten; one that comes before `start` traps.
final class WeightGather {
  private let plan: GatherPlan
  private let flat: FlatParameters
  private let exchange: RankExchange
  private let packing: SharedPacking
  private let thread: CommunicationThread
  private let arrivals: Arrivals

  /// Makes the tensors of `flat` wait; nothing is owed yet.
  ///
  /// - Parameters:
  /// - layers: Each parameter's layer, counted from the images.
  /// - average: The running average, which follows the weights once they are whole.
  init(
    _ flat: FlatParameters, layers: [Int], average: Tensor?, _ exchange: RankExchange,
    _ packing: SharedPacking
  ) {
    let plan = GatherPlan(
      flat.layout, layers: layers, blockLength: flat.blockLength,
      pieceBytes: min(flat.bucketBytes, GatherPlan.pieceBytes))
    let pieces = plan.pieces
    let thread = CommunicationThread { [weights = flat.sharedWeights] number throws(CollectiveError) in
      try exchange.gather(weights, pieces[number % pieces.count])
      if number >= pieces.count { try packing.pack(piece: number - pieces.count) }
    }
    (self.plan, self.flat, self.exchange, self.packing, self.thread) = (plan, flat, exchange, packing, thread)
    let arrivals = Arrivals(thread)
    self.arrivals = arrivals
    for (parameter, place) in zip(flat.parameters, flat.layout.places) {
      let needed = plan.needed(for: place.range)
      parameter.tensor.beforeUse = { arrivals.wait(for: needed) }
    }
    for whole in [flat.weights.tensor, average] {
      whole?.beforeUse = { arrivals.wait(for: pieces.count) }
    }
  }

  /// Whether an update's weights have not all arrived.
  var isOwed: Bool { arrivals.isOwed }

  /// Notes that this rank has updated its own blocks.
  func owe() { arrivals.owe() }

  /// Begins to send what is owed, and to pack what has arrived; until `finish` the group is the thread's.
  func start() {
    packing.follow(plan, flat.sharedWeights?.floats)
    start(from: plan.pieces.count)
  }

  /// Waits for all weights; begins to send them where that has not happened. Every rank must call it.
  func finish() throws(CollectiveError) {
    guard isOwed else { return }
    if !arrivals.isStarted { start(from: 0) }
    arrivals.wait(for: plan.pieces.count)
    // After an error the weights stay owed.
    let waited = arrivals.stop()
    exchange.count(try thread.drain(), waited: waited)
    arrivals.settle()
  }

  private func start(from number: Int) {
    arrivals.start()
    thread.handOver(number..<number + plan.pieces.count)
  }
}

/// What the training thread knows of the pieces on their way; the weights' tensors hold it.
private final class Arrivals {
  private(set) var isOwed = false
  private(set) var isStarted = false
  /// The pieces that this thread need not wait for any more.
  private var arrived = Int.max
  private var waited = Duration.zero
  /// The network may outlive its trainer.
  private weak var thread: CommunicationThread?

  init(_ thread: CommunicationThread) { self.thread = thread }

  func owe() { (isOwed, arrived) = (true, 0) }

  func start() { (isStarted, waited) = (true, .zero) }

  /// Waits for that many pieces, or for an error, which `finish` throws.
  func wait(for needed: Int) {
    guard needed > arrived else { return }
    guard isStarted, let thread else {
      fatalError("weights are read that other ranks have updated and not sent")
    }
    let watch = ContinuousClock.now
    thread.wait(for: needed)
    waited += .now - watch
    arrived = needed
  }

  /// Returns the time for which this thread has waited.
  func stop() -> Duration {
    (isStarted, arrived) = (false, 0)
    return waited
  }

  func settle() { (isOwed, arrived) = (false, .max) }
}
