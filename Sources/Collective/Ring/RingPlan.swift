/// Which bytes a rank sends and receives in one operation, and in which order.
///
/// A buffer is divided into chunks, and a chunk into contiguous pieces, a few of which travel as one segment.
/// At each step a rank sends one chunk to the next rank and receives one from the previous rank; the chunk
/// received at one step is sent at the next, so each segment goes on as soon as it has arrived.
struct RingPlan: Equatable, Sendable {
  /// One segment sent from a rank to the next; both identify it by the same numbers.
  struct Transfer: Equatable, Sendable {
    let step: Int
    let chunk: Int
    let segment: Int
  }

  /// The segments to send to the next rank, in order.
  private(set) var sends: [Transfer] = []
  /// The segments to receive from the previous rank, in order.
  private(set) var receives: [Transfer] = []
  /// For each send, how many receives must come first; the last of them brings the content.
  private(set) var receivesBeforeSend: [Int] = []
  /// Segments of lower steps are added to the buffer; those of this step and later replace its content.
  private(set) var summingSteps = 0

  private let chunks: [[Range<Int>]]
  private let piecesPerSegment: Int

  init(chunks: [[Range<Int>]], piecesPerSegment: Int) {
    self.chunks = chunks
    self.piecesPerSegment = piecesPerSegment
  }

  /// The byte ranges of a transfer in the buffer, in the order in which they travel.
  func pieces(of transfer: Transfer) -> ArraySlice<Range<Int>> {
    let pieces = chunks[transfer.chunk]
    let first = transfer.segment * piecesPerSegment
    return pieces[first..<min(first + piecesPerSegment, pieces.count)]
  }

  /// Whether an arriving transfer is added, not stored.
  func isSum(_ transfer: Transfer) -> Bool { transfer.step < summingSteps }

  /// Whether an arriving transfer is a sum that lacks only this rank's term.
  func isLastSum(_ transfer: Transfer) -> Bool { transfer.step == summingSteps - 1 }

  /// Splits a chunk into segments; an empty chunk is one empty segment, so that every step shows how far its
  /// sender is.
  private func segments(of chunk: Int) -> Range<Int> {
    0..<max(1, (chunks[chunk].count + piecesPerSegment - 1) / piecesPerSegment)
  }
}

extension RingPlan {
  /// Adds steps at which every rank sends a chunk: `first` at step 0, and then the chunk received at the step
  /// before.
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

  /// Adds one step at which chunk 0 goes from rank to rank: `isFirst` only sends it, `isLast` only receives
  /// it.
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

/// The sizes of blocks and messages.
struct RingGrain: Equatable, Sendable {
  /// Floats of a block, the unit in which ranks own sums; it determines the order of sums.
  var blockLength = 16_384
  /// Blocks per segment, 2 MiB by default; it affects speed alone.
  var blocksPerSegment = 32

  /// The largest payload of a message, in bytes.
  var segmentBytes: Int { blockLength * blocksPerSegment * MemoryLayout<Float>.stride }
}

extension RingPlan {
  /// Sums a range of floats over all ranks, and leaves each sum with its owner.
  ///
  /// Chunk c holds what rank c owns. Its sum starts at rank c + 1 and ends at rank c.
  static func reduceScatter(_ range: Range<Int>, rank: Int, size: Int, grain: RingGrain) -> RingPlan {
    var plan = RingPlan(owned: range, size: size, grain: grain)
    plan.rotate(from: rank - 1, of: size, steps: size - 1, summing: size - 1)
    return plan
  }

  /// Sums a range of floats over all ranks: n - 1 steps for the partial sums, then n - 1 for the results.
  static func allReduce(_ range: Range<Int>, rank: Int, size: Int, grain: RingGrain) -> RingPlan {
    var plan = RingPlan(owned: range, size: size, grain: grain)
    plan.rotate(from: rank - 1, of: size, steps: 2 * (size - 1), summing: size - 1)
    return plan
  }

  /// Passes each rank's own blocks of a range of floats to all others.
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

  /// Passes the bytes of `root` from rank to rank.
  static func broadcast(byteCount: Int, root: Int, rank: Int, size: Int, grain: RingGrain) -> RingPlan {
    let pieces = (0..<byteCount).divided(by: grain.segmentBytes)
    var plan = RingPlan(chunks: [pieces], piecesPerSegment: 1)
    plan.relay(isFirst: rank == root, isLast: rank == (root - 1).modulo(size))
    return plan
  }

  /// Passes contributions of `lengths` bytes, which lie one after another, from each rank to all others.
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
  /// Sends an empty message from every rank to all others: a rank that has them all knows that all have come
  /// this far.
  static func signals(rank: Int, size: Int, grain: RingGrain) -> RingPlan {
    .allGather(lengths: Array(repeating: 0, count: size), rank: rank, grain: grain)
  }

  /// Sends an empty message from every rank once round the ring; its return proves that all sent before it
  /// has arrived.
  static func roundTrip(rank: Int, size: Int) -> RingPlan {
    var plan = RingPlan(chunks: Array(repeating: [], count: size), piecesPerSegment: 1)
    plan.rotate(from: rank, of: size, steps: size, summing: 0)
    return plan
  }
}

extension Range<Int> {
  /// Cuts the range into ranges of `length`; the last may be shorter.
  func divided(by length: Int) -> [Range<Int>] {
    stride(from: lowerBound, to: upperBound, by: length).map { $0..<Swift.min($0 + length, upperBound) }
  }
}
