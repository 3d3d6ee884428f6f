import SystemPackage
import Testing

@testable import Datasets

@Suite struct ShardPresenceTests {
  /// A split of shards of ten images.
  private func presence(whole: [Int] = [], cutOff: [Int] = [], absent: [Int] = []) -> ShardPresence {
    let count = whole.count + cutOff.count + absent.count
    return ShardPresence(
      folder: "/p/val", whole: whole, cutOff: cutOff, absent: absent, images: 10 * count,
      imagesHere: 10 * whole.count)
  }

  @Test func `numbers that are neighbours are one range, and many ranges are counted`() {
    #expect(ShardPresence.ranges([]) == "")
    #expect(ShardPresence.ranges([4]) == "4")
    #expect(ShardPresence.ranges([0, 1, 2, 5, 7, 8]) == "0–2, 5, 7–8")
    #expect(ShardPresence.ranges(Array(0..<2000)) == "0–1999")
    #expect(
      ShardPresence.ranges((0..<40).filter { $0 % 3 > 0 })
        == "1–2, 4–5, 7–8, 10–11, 13–14, 16–17, 19–20, 22–23, 25–26, 28–29, 31–32, 34–35 and 2 more")
  }

  @Test func `a line says what is here, what is cut off and what is not here`() {
    #expect(presence(whole: [0, 1]).line == "Shards here: all 2 of /p/val, with 20 images")
    #expect(
      presence(whole: [0, 1, 4], cutOff: [2], absent: [3]).line
        == "Shards here: 3 of the 5 of /p/val (0–1, 4), with 30 of its 50 images; cut off: 2; not here: 3")
    #expect(presence(absent: [0, 1]).line == "Shards here: none of the 2 of /p/val; not here: 0–1")
  }

  @Test func `what is lacking is counted, cut off or not here, and its first files are named`() {
    #expect(presence(whole: [0], absent: [1]).lack == "1 of the 2 shards of /p/val (shard-000001.tar)")
    #expect(
      presence(whole: [1, 2], cutOff: [4], absent: [0, 3, 5]).lack
        == "4 of the 6 shards of /p/val (shard-000000.tar, shard-000003.tar, shard-000004.tar and 1 more)")
  }
}
