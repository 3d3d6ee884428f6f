import Collective
import Torch

/// Packs the weights for a step's kernels once per host: each rank packs a part, into memory that all its
/// ranks share.
///
/// The weights are the same on all ranks, and so are the packed forms that the first step asks for. Every
/// rank packs before a step and reads until its backward pass is done. Between that and the next packing lies
/// the sum of the gradients, which needs all ranks, so no rank overwrites what another still reads.
final class SharedPacking {
  private let ranks: any ProcessGroup
  private let clock: PhaseClock
  private let packed = PackedWeights()
  private var state: State
  /// For each piece of the weights the forms that this rank packs once it has arrived; nil where no rank packs
  /// any.
  private var formsOfPiece: [[Int]?] = []

  private enum State {
    /// Records which forms the first step asks for.
    case noting
    /// The forms that this rank packs, and the shared memory.
    case sharing(own: [Int], SymmetricBuffer)
    /// Nothing to share, or no memory for it: each operation packs for itself.
    case off
  }

  /// Shares packing among the ranks of one host; a single rank does not pack ahead.
  init(over ranks: any ProcessGroup, clock: PhaseClock) {
    self.ranks = ranks
    self.clock = clock
    state = ranks.size > 1 ? .noting : .off
  }

  /// Whether steps use weights packed ahead.
  var isSharing: Bool { if case .sharing = state { true } else { false } }

  /// Whether the next packing is the first, which needs all weights.
  var isNoting: Bool { if case .noting = state { true } else { false } }

  /// Packs the current weights, together with all other ranks, before a step reads them.
  func pack() throws(CollectiveError) {
    if case .noting = state { state = try shared() }
    guard case .sharing(let own, _) = state else { return }
    for form in own { packed.pack(form) }
    clock.begin(.communicate)
    defer { clock.begin(.forward) }
    try ranks.barrier()
  }

  /// Runs the forward and backward passes of a step, which use the packed weights.
  func lent<Result, Failure: Error>(_ body: () throws(Failure) -> Result) throws(Failure) -> Result {
    if case .off = state { try body() } else { try packed.lent(body) }
  }

  /// Prepares to pack piece by piece: finds the piece with which each form's weight is whole.
  func follow(_ plan: GatherPlan, _ weights: UnsafeMutableBufferPointer<Float>?) {
    guard formsOfPiece.isEmpty, case .sharing(let own, _) = state, let weights else { return }
    formsOfPiece = Array(repeating: nil, count: plan.pieces.count)
    for form in packed.byteCounts.indices {
      let needed = plan.needed(for: packed.place(of: form, in: weights))
      // What does not learn is packed already.
      if needed > 0 {
        formsOfPiece[needed - 1] = (formsOfPiece[needed - 1] ?? []) + (own.contains(form) ? [form] : [])
      }
    }
  }

  /// Packs what the arrival of a piece completes, together with all other ranks, on the thread that gathers.
  func pack(piece: Int) throws(CollectiveError) {
    guard piece < formsOfPiece.count, let own = formsOfPiece[piece] else { return }
    for form in own { packed.pack(form) }
    try ranks.barrier()
  }

  /// Divides the forms that the first step asked for among the ranks.
  private func shared() throws(CollectiveError) -> State {
    let sizes = packed.byteCounts
    guard !sizes.isEmpty else { return .noting }
    let shares = PackingShares(sizes, over: ranks.size)
    let width = MemoryLayout<Float>.stride
    guard let memory = try ranks.makeSharedBuffer(count: shares.laneBytes / width) else { return .off }
    for (form, place) in shares.places.enumerated() {
      let lane = UnsafeMutableRawBufferPointer(memory.floats(of: place.rank))
      packed.place(form, at: UnsafeMutableRawBufferPointer(rebasing: lane[place.offset...]))
    }
    return .sharing(own: shares.places.indices.filter { shares.places[$0].rank == ranks.rank }, memory)
  }
}

/// Which rank packs each form, and where in that rank's memory the form lies.
struct PackingShares: Equatable {
  /// One place per form.
  private(set) var places: [Place]
  /// The bytes of the rank with the most.
  private(set) var laneBytes = 0

  struct Place: Equatable {
    var rank: Int
    var offset: Int
  }

  /// Assigns the largest forms first, each to the rank with the least so far; forms are aligned to 64 bytes.
  init(_ sizes: [Int], over ranks: Int) {
    places = [Place](repeating: Place(rank: 0, offset: 0), count: sizes.count)
    var filled = [Int](repeating: 0, count: ranks)
    for form in sizes.indices.sorted(by: { (-sizes[$0], $0) < (-sizes[$1], $1) }) {
      let rank = filled.indices.reduce(0) { filled[$1] < filled[$0] ? $1 : $0 }
      places[form] = Place(rank: rank, offset: filled[rank])
      filled[rank] += (sizes[form] + 63) / 64 * 64
    }
    laneBytes = filled.max() ?? 0
  }
}
