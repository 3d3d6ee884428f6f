import Testing

@testable import Model

/// Which blocks are computed again where memory is short.
@Suite struct BlockRecomputationTests {
  @Test func `the last blocks are left out that together take no more than half of the first`() {
    #expect(BlockRecomputation.leftOut(of: [4, 4, 2, 1, 1, 1]) == [false, false, false, false, true, true])
    #expect(BlockRecomputation.leftOut(of: [1, 1, 1]) == [false, false, false])
    #expect(BlockRecomputation.leftOut(of: [1]) == [false])
    #expect(BlockRecomputation.leftOut(of: []).isEmpty)
  }

  /// Of 2, 2, 10 and 4 blocks, whose maps have a quarter of the tokens and twice the channels from stage to stage.
  @Test func `of SVT small these are the last stage`() throws {
    let stages = try #require(TwinsConfiguration.named("alt_gvt_small")).stages
    let left = BlockRecomputation.leftOut(of: Twins.sizes(stages))
    #expect(left.count == 18 && left.count { $0 } == 4 && left.suffix(4).allSatisfy(\.self))
  }
}
