import Testing

@testable import Training

@Suite struct FlatLayoutTests {
  private static let mebi = 1 << 20

  private func layout(_ counts: [Int], blockLength: Int = 32, bucketBytes: Int = 25 * mebi) -> FlatLayout {
    FlatLayout(
      counts.enumerated().map { ($1, $0.isMultiple(of: 2)) }, blockLength: blockLength,
      bucketBytes: bucketBytes)
  }

  @Test func `the last parameter comes first, and each starts at 64 bytes`() {
    let layout = layout([5, 16, 1, 33])
    #expect(layout.places.map(\.range) == [80..<85, 64..<80, 48..<49, 0..<33])
    #expect(layout.count == 96)
  }

  @Test func `buckets lie in order without gaps, their edges are blocks' edges, and none is above the cap`() {
    for (bytes, expected) in [
      (128, [0, 32, 64, 96, 128, 160]), (300, [0, 64, 128, 160]), (1, [0, 32, 64, 96, 128, 160]),
    ] {
      let buckets = layout([100, 40], bucketBytes: bytes).buckets
      #expect([0] + buckets.map(\.upperBound) == expected)
      #expect(zip(buckets, buckets.dropFirst()).allSatisfy { $0.upperBound == $1.lowerBound })
    }
    let real = layout([10_000_000, 2_000_000], blockLength: 16_384)
    #expect(real.buckets[0].count * 4 == Self.mebi)
    #expect(real.buckets[1].count * 4 == 25 * Self.mebi)
    #expect(real.buckets.last?.upperBound == 12_000_000)
    #expect(layout([]).buckets == [])
  }

  @Test func `a parameter knows the buckets it is in`() {
    let layout = layout([100, 40], bucketBytes: 128)
    #expect(layout.places.map(\.range) == [48..<148, 0..<40])
    #expect(layout.buckets(of: 0) == 1..<5)
    #expect(layout.buckets(of: 1) == 0..<2)
  }

  @Test func `pieces end where decay changes, and cover gaps`() {
    // In memory: 33 that do not decay, 1 that does, 16 that do not, 5 that do.
    let pieces = layout([5, 16, 1, 33]).pieces(of: [10..<90])
    #expect(pieces.map(\.range) == [10..<48, 48..<64, 64..<80, 80..<90])
    #expect(pieces.map(\.decays) == [false, true, false, true])
    let alike = FlatLayout([(5, true), (6, true), (7, false)], blockLength: 32, bucketBytes: 1000)
    #expect(alike.pieces(of: [0..<48]).map(\.range) == [0..<16, 16..<48])
  }

  @Test func `what does not learn is in no piece, and only its neighbours' blocks are in a bucket`() {
    // In memory: parameter 3 in 0..<33, 2 in 48..<49, 1 in 64..<80, 0 in 80..<185.
    let paces = [Pace(), nil, Pace(factor: 0.5), nil]
    let layout = FlatLayout(
      [105, 16, 1, 33].map { ($0, true) }, paces: paces, blockLength: 32, bucketBytes: 1000)
    #expect(layout.learning == [32..<192] && layout.paces == [Pace(), Pace(factor: 0.5)])
    let pieces = layout.pieces(of: [0..<192])
    #expect(pieces.map(\.range) == [48..<64, 80..<192])
    #expect(pieces.map(\.pace?.factor) == [0.5, 1])
    let apart = FlatLayout(
      [16, 64, 16].map { ($0, true) }, paces: [Pace(), nil, Pace()], blockLength: 16, bucketBytes: 1000)
    #expect(apart.learning == [0..<16, 80..<96] && apart.buckets == apart.learning)
    var progress = BucketProgress(apart)
    progress.begin()
    #expect(progress.finish(parameter: 2) == 0..<1 && progress.finish(parameter: 0) == 1..<2)
  }

  @Test func `buckets go in order, each once, when all that is in them is there`() {
    // Memory: parameter 2 in bucket 0, parameter 1 in buckets 0 to 2, parameter 0 in bucket 2.
    let layout = layout([16, 64, 16], bucketBytes: 128)
    #expect(layout.buckets.count == 3)
    var progress = BucketProgress(layout)
    #expect(progress.finish(parameter: 2).isEmpty && progress.finishAll().isEmpty, "nothing has begun")
    for _ in 0..<2 {
      progress.begin()
      #expect(progress.finish(parameter: 0).isEmpty)
      #expect(progress.finish(parameter: 2).isEmpty)
      #expect(progress.finish(parameter: 2).isEmpty)
      #expect(progress.finish(parameter: 1) == 0..<3)
      #expect(progress.finishAll().isEmpty)
    }
    progress.begin()
    #expect(progress.finish(parameter: 2).isEmpty)
    #expect(progress.finishAll() == 0..<3)
    #expect(progress.finish(parameter: 1).isEmpty)
  }
}
