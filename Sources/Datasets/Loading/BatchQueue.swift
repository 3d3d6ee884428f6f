/// The loader's bookkeeping, without threads: which images wait, which are being decoded, which batches are
/// ready.
///
/// Batches are opened in order, at most `depth` at a time, and handed out in order. A batch's images are
/// claimed one by one, so that several threads share it.
struct BatchQueue {
  /// A batch that is being filled.
  final class OpenBatch {
    let batch: PixelBatch
    let epoch: Int
    fileprivate var claimed = 0
    fileprivate var finished = 0
    // The failure at the lowest position, whichever thread met one first.
    fileprivate var failure: (position: Int, error: DataError)?

    fileprivate init(_ batch: PixelBatch, epoch: Int) {
      self.batch = batch
      self.epoch = epoch
    }

    fileprivate var isComplete: Bool { finished == batch.count }
  }

  /// One image for one thread to decode.
  struct Claim {
    let open: OpenBatch
    let position: Int
    /// Views that will be needed soon and that no earlier claim has announced.
    let upcoming: [Int]
  }

  /// What the consumer receives.
  enum Delivery {
    case batch(PixelBatch)
    case failure(DataError)
    case end
  }

  private let depth: Int
  private let makeBatch: () -> PixelBatch
  private let label: (Int) -> Int
  // The rest of the epoch's batches; each is computed when it is opened.
  private var waiting = AnyRandomAccessCollection<[Int]>([])
  private var epoch = 0
  private var isBegun = false
  private var open: [OpenBatch] = []
  private var spare: [PixelBatch] = []

  /// Makes an empty queue; `label` returns a view's class, `makeBatch` new memory.
  init(depth: Int, label: @escaping (Int) -> Int, makeBatch: @escaping () -> PixelBatch) {
    precondition(depth > 0, "a queue holds at least one batch")
    self.depth = depth
    self.label = label
    self.makeBatch = makeBatch
  }

  /// Begins an epoch and forgets the rest of the last one; threads may still finish their old claims.
  mutating func start(_ batches: some RandomAccessCollection<[Int]>, epoch: Int) {
    waiting = AnyRandomAccessCollection(batches)
    (self.epoch, isBegun) = (epoch, false)
    open = []
  }

  /// Claims the next image to decode; nil if there is none or the queue is full.
  mutating func claim() -> Claim? {
    if let unfinished = open.last, unfinished.claimed < unfinished.batch.count {
      return claim(from: unfinished, upcoming: [])
    }
    guard open.count < depth, let indices = waiting.popFirst() else { return nil }
    precondition(!indices.isEmpty, "a batch holds at least one view")
    let batch = spare.popLast() ?? makeBatch()
    batch.assign(indices, labels: indices.map(label))
    open.append(OpenBatch(batch, epoch: epoch))
    // This batch is read right away, and the next one soon by another thread, so only the batch after that
    // can profit from reading ahead. At an epoch's start, nobody has announced its first two.
    let first = isBegun ? [] : indices.dropFirst() + (waiting.first ?? [])
    isBegun = true
    return claim(from: open[open.count - 1], upcoming: first + (waiting.dropFirst().first ?? []))
  }

  private func claim(from open: OpenBatch, upcoming: [Int]) -> Claim {
    defer { open.claimed += 1 }
    return Claim(open: open, position: open.claimed, upcoming: upcoming)
  }

  /// Notes the result of a claim; true if that completes its batch.
  mutating func finish(_ claim: Claim, _ outcome: ViewDecoder.Outcome) -> Bool {
    let open = claim.open
    open.finished += 1
    switch outcome {
    case .whole: break
    case .replaced(let label, let damage):
      open.batch.replace(at: claim.position, label: label, damage: damage)
    case .failed(let failure):
      if claim.position < open.failure?.position ?? .max { open.failure = (claim.position, failure) }
    }
    return open.isComplete
  }

  /// Takes the next batch in order; nil while it is incomplete. A failure ends the epoch.
  mutating func take() -> Delivery? {
    guard let first = open.first else { return waiting.isEmpty ? .end : nil }
    guard first.isComplete else { return nil }
    if let failure = first.failure {
      start([], epoch: epoch)
      return .failure(failure.error)
    }
    return .batch(open.removeFirst().batch)
  }

  /// Takes back a batch whose pixels are no longer needed.
  mutating func recycle(_ batch: PixelBatch) {
    spare.append(batch)
  }
}
