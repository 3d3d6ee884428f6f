import Testing

@testable import Datasets

@Suite struct ShardDivisionTests {
  /// Shards of ten images, and what each host holds of them.
  private func division(_ shards: Int, _ holdings: [Set<Int>]) -> ShardDivision {
    ShardDivision([Int](repeating: 10, count: shards), heldBy: holdings)
  }

  @Test(arguments: 1...5) func `what every host holds is divided evenly`(hosts: Int) {
    let all = [Set<Int>](repeating: Set(0..<20), count: hosts)
    let division = division(20, all)
    #expect(division.missing.isEmpty && division.images.reduce(0, +) == 200)
    #expect((division.images.max() ?? 0) - (division.images.min() ?? 0) <= 10)
    #expect(division == self.division(20, all), "all ranks come to the same")
  }

  @Test func `a shard goes to a host that holds it, once, and what few hold first`() {
    let holdings: [Set<Int>] = [Set(0..<10), [0, 1, 2, 3, 4], [0, 1, 8, 9]]
    let division = division(10, holdings)
    for (shard, host) in division.hosts.enumerated() {
      #expect(host.map { holdings[$0].contains(shard) } == true)
    }
    // Host 0 alone has 5, 6 and 7; the others share what is left.
    #expect(division.images == [40, 30, 30])
    #expect(division.missing.isEmpty)
  }

  @Test func `large shards come before small ones, so that these make it even`() {
    let division = ShardDivision([1, 1, 1, 9, 5, 0], heldBy: [Set(0..<6), Set(0..<6)])
    #expect(division.images == [9, 8])
    #expect(division.hosts[5] == nil, "a shard of no images is nobody's")
  }

  @Test func `what nobody holds is named, and a host may be left without`() {
    let division = division(4, [[0, 3], [], [0]])
    #expect(division.missing == [1, 2])
    #expect(division.images == [10, 0, 10])
  }

  @Test func `the digest tells divisions apart`() {
    let one = division(4, [[0, 1], [2, 3]])
    #expect(one.digest == division(4, [[0, 1], [2, 3]]).digest)
    #expect(one.digest != division(4, [[2, 3], [0, 1]]).digest)
    #expect(one.digest != division(4, [[0, 1, 2, 3]]).digest)
  }
}
