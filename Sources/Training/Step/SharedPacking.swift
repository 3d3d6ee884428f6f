import Collective
import Torch

/// Packs the weights for a step's kernels once a host: each rank a part, into memory that the others see.
///
/// The weights are the same on all ranks, and so is what the first step asks for. Every rank packs before a step and
/// reads until its backward pass is done; the sum of the gradients, which needs all ranks, lies between that and the next
/// packing.
final class SharedPacking {
  private let ranks: any ProcessGroup
  private let clock: PhaseClock
  private let packed = PackedWeights()
  private var state: State

  private enum State {
    /// No step has asked for anything yet.
    case noting
    /// This rank's forms, and the memory of all.
    case sharing(own: [Int], SymmetricBuffer)
    /// Nothing to share, or no memory for it: each operation packs for itself.
    case off
  }

  /// Among ranks of one host; one by itself packs nothing ahead.
  init(over ranks: any ProcessGroup, clock: PhaseClock) {
    self.ranks = ranks
    self.clock = clock
    state = ranks.size > 1 ? .noting : .off
  }

  /// Whether steps take weights that lie ready.
  var isSharing: Bool { if case .sharing = state { true } else { false } }

  /// Packs the weights as they are now, together with all other ranks, before a step reads them.
  func pack() throws(CollectiveError) {
    if case .noting = state { state = try shared() }
    guard case .sharing(let own, _) = state else { return }
    for form in own { packed.pack(form) }
    clock.begin(.communicate)
    defer { clock.begin(.forward) }
    try ranks.barrier()
  }

  /// Runs the forward and backward passes of a step, which take what lies ready.
  func lent<Result>(_ body: () -> Result) -> Result {
    if case .off = state { body() } else { packed.lent(body) }
  }

  /// Divides what the first step has asked for among the ranks.
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

/// Which rank packs a form, and where in its memory the form lies.
struct PackingShares: Equatable {
  /// For each form.
  private(set) var places: [Place]
  /// Bytes of the fullest rank's forms.
  private(set) var laneBytes = 0

  struct Place: Equatable {
    var rank: Int
    var offset: Int
  }

  /// Gives the largest forms away first, each to the rank that has least; forms begin at edges of 64 bytes.
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
