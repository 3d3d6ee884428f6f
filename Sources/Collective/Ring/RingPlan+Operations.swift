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
