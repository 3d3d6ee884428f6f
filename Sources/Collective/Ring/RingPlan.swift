/// Which bytes a rank sends and receives, in which order, to do its part of one operation.
///
/// A buffer is divided into chunks, a chunk into pieces that each lie together in memory, and a few pieces travel
/// as one segment. At each step a rank sends one chunk to the next rank and receives one from the previous; the
/// chunk received at a step is the one sent at the following step, so a segment goes on as soon as it has arrived.
struct RingPlan: Equatable, Sendable {
  /// One segment on its way between two neighbours; both name it the same.
  struct Transfer: Equatable, Sendable {
    let step: Int
    let chunk: Int
    let segment: Int
  }

  /// What is sent to the next rank, in order.
  private(set) var sends: [Transfer] = []
  /// What arrives from the previous rank, in order.
  private(set) var receives: [Transfer] = []
  /// For each send, how many receives must have been taken in first; the last of them brings its content.
  private(set) var receivesBeforeSend: [Int] = []
  /// Receives of lower steps are added to the buffer; those of this step and later replace what is there.
  private(set) var summingSteps = 0

  private let chunks: [[Range<Int>]]
  private let piecesPerSegment: Int

  init(chunks: [[Range<Int>]], piecesPerSegment: Int) {
    self.chunks = chunks
    self.piecesPerSegment = piecesPerSegment
  }

  /// The places of a transfer's bytes in the buffer, in the order in which they travel.
  func pieces(of transfer: Transfer) -> ArraySlice<Range<Int>> {
    let pieces = chunks[transfer.chunk]
    let first = transfer.segment * piecesPerSegment
    return pieces[first..<min(first + piecesPerSegment, pieces.count)]
  }

  /// Whether what arrives in `transfer` is added rather than kept.
  func isSum(_ transfer: Transfer) -> Bool { transfer.step < summingSteps }

  /// Whether what arrives in `transfer` is a sum that lacks only this rank's part.
  func isLastSum(_ transfer: Transfer) -> Bool { transfer.step == summingSteps - 1 }

  /// An empty chunk travels as one empty segment, so that every step shows where its sender stands.
  private func segments(of chunk: Int) -> Range<Int> {
    0..<max(1, (chunks[chunk].count + piecesPerSegment - 1) / piecesPerSegment)
  }
}

extension RingPlan {
  /// Adds steps at which every rank sends: first chunk `first`, then at each step the chunk that came before.
  mutating func rotate(from first: Int, of size: Int, steps: Int, summing: Int) {
    summingSteps = summing
    var receivesBefore = 0
    for step in 0..<steps {
      let outgoing = (first - step).modulo(size)
      let receivesSoFar = receives.count
      for segment in segments(of: outgoing) {
        sends.append(Transfer(step: step, chunk: outgoing, segment: segment))
        receivesBeforeSend.append(step == 0 ? 0 : receivesBefore + segment + 1)
      }
      let incoming = (outgoing - 1).modulo(size)
      for segment in segments(of: incoming) {
        receives.append(Transfer(step: step, chunk: incoming, segment: segment))
      }
      receivesBefore = receivesSoFar
    }
  }

  /// Adds one step at which chunk 0 goes from rank to rank, `isFirst` giving it and `isLast` keeping it.
  mutating func relay(isFirst: Bool, isLast: Bool) {
    for segment in segments(of: 0) {
      let transfer = Transfer(step: 0, chunk: 0, segment: segment)
      if !isFirst { receives.append(transfer) }
      if !isLast {
        sends.append(transfer)
        receivesBeforeSend.append(isFirst ? 0 : segment + 1)
      }
    }
  }
}

/// How finely buffers are cut.
struct RingGrain: Equatable, Sendable {
  /// The floats of one block, the unit in which ranks own sums: changing it changes the order of sums.
  var blockLength = 16_384
  /// The blocks that travel as one segment, about 2 MiB: it changes speed only.
  var blocksPerSegment = 32

  /// The most payload that one message carries, in bytes.
  var segmentBytes: Int { blockLength * blocksPerSegment * MemoryLayout<Float>.stride }
}

extension RingPlan {
  /// The sums of a range of floats over all ranks, each left with its owner.
  ///
  /// Chunk c holds what rank c owns. Its sum starts at rank c + 1 and ends at rank c.
  static func reduceScatter(_ range: Range<Int>, rank: Int, size: Int, grain: RingGrain) -> RingPlan {
    var plan = RingPlan(owned: range, size: size, grain: grain)
    plan.rotate(from: rank - 1, of: size, steps: size - 1, summing: size - 1)
    return plan
  }

  /// The sums of a range of floats over all ranks: they travel for n - 1 steps, then results for n - 1 more.
  static func allReduce(_ range: Range<Int>, rank: Int, size: Int, grain: RingGrain) -> RingPlan {
    var plan = RingPlan(owned: range, size: size, grain: grain)
    plan.rotate(from: rank - 1, of: size, steps: 2 * (size - 1), summing: size - 1)
    return plan
  }

  /// What each rank owns of a range of floats, passed to all others.
  static func allGatherBlocks(_ range: Range<Int>, rank: Int, size: Int, grain: RingGrain) -> RingPlan {
    var plan = RingPlan(owned: range, size: size, grain: grain)
    plan.rotate(from: rank, of: size, steps: size - 1, summing: 0)
    return plan
  }

  private init(owned range: Range<Int>, size: Int, grain: RingGrain) {
    let layout = BlockLayout(blockLength: grain.blockLength, size: size)
    let width = MemoryLayout<Float>.stride
    let chunks = (0..<size).map { owner in
      layout.ranges(of: owner, in: range).map { $0.lowerBound * width..<$0.upperBound * width }
    }
    self.init(chunks: chunks, piecesPerSegment: grain.blocksPerSegment)
  }

  /// The bytes of `root` passed from rank to rank.
  static func broadcast(byteCount: Int, root: Int, rank: Int, size: Int, grain: RingGrain) -> RingPlan {
    let pieces = (0..<byteCount).divided(by: grain.segmentBytes)
    var plan = RingPlan(chunks: [pieces], piecesPerSegment: 1)
    plan.relay(isFirst: rank == root, isLast: rank == (root - 1).modulo(size))
    return plan
  }

  /// Contributions of `lengths` bytes, lying one after another, each passed from its rank to all others.
  static func allGather(lengths: [Int], rank: Int, grain: RingGrain) -> RingPlan {
    var start = 0
    let chunks = lengths.map { length in
      defer { start += length }
      return (start..<start + length).divided(by: grain.segmentBytes)
    }
    var plan = RingPlan(chunks: chunks, piecesPerSegment: 1)
    plan.rotate(from: rank, of: lengths.count, steps: lengths.count - 1, summing: 0)
    return plan
  }
}

extension RingPlan {
  /// Messages without content from every rank to all others: whoever has them all knows that all have come this far.
  static func signals(rank: Int, size: Int, grain: RingGrain) -> RingPlan {
    .allGather(lengths: Array(repeating: 0, count: size), rank: rank, grain: grain)
  }

  /// Signals that go once round, back to their sender, who then knows that all it sent before has arrived.
  static func roundTrip(rank: Int, size: Int) -> RingPlan {
    var plan = RingPlan(chunks: Array(repeating: [], count: size), piecesPerSegment: 1)
    plan.rotate(from: rank, of: size, steps: size, summing: 0)
    return plan
  }
}

extension Range<Int> {
  /// Successive ranges of `length`, the last one shorter where it does not divide.
  func divided(by length: Int) -> [Range<Int>] {
    stride(from: lowerBound, to: upperBound, by: length).map { $0..<Swift.min($0 + length, upperBound) }
  }
}
