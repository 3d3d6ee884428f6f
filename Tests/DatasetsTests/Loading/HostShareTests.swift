import Testing

@testable import Datasets

/// Samplers where each host has its own images: image i is on host 0 where i mod 3 is 0 or 1, else on host 1.
@Suite struct HostShareTests {
  private static let count = 90
  private static let hosts = [0, 0, 1]

  private func share(_ host: Int, ranks: Int = 2) -> HostShare {
    HostShare(
      images: [60, 30], ranks: ranks, digest: 0,
      isOwn: (0..<Self.count).map { Self.hosts[$0 % 3] == host })
  }

  /// The views of both ranks of a host in an epoch, in the order in which they are taken.
  private func views(_ host: Int, epoch: Int, shuffle: Bool = true) throws -> [Int] {
    let sampler = try Sampler(
      count: Self.count, worldSize: 4, batchSize: 4, seed: 7, shuffle: shuffle, share: share(host))
    let ranks = (0..<2).map { sampler.batches(epoch: epoch, rank: 2 * host + $0) }
    #expect(ranks.allSatisfy { $0.count == 90 / 16 && $0.allSatisfy { $0.count == 4 } })
    let own = ranks.map { $0.flatMap { $0 } }
    return own[0].indices.flatMap { [own[0][$0], own[1][$0]] }
  }

  @Test(arguments: [true, false])
  func `a host's ranks divide the epoch's order without the images of others`(shuffle: Bool) throws {
    let whole = try Sampler(count: Self.count, worldSize: 1, batchSize: 1, seed: 7, shuffle: shuffle)
    for host in 0..<2 {
      let order = whole.order(epoch: 3).filter { Self.hosts[$0 % 3] == host }
      // Host 1 has 30 images for 40 places: it begins again, in views of their own.
      let expected = order + order.map { $0 + Self.count }
      #expect(try views(host, epoch: 3, shuffle: shuffle) == Array(expected.prefix(40)))
    }
  }

  @Test func `what a host leaves out is in another epoch`() throws {
    let first = Set(try views(0, epoch: 0))
    #expect(first.count == 40)
    let seen = try (1..<12).reduce(into: first) { $0.formUnion(try views(0, epoch: $1)) }
    #expect(seen == Set((0..<Self.count).filter { Self.hosts[$0 % 3] == 0 }))
  }

  @Test(arguments: [1, 2, 4]) func `a step of a host has the same images for any number of its ranks`(
    ranks: Int
  )
    throws
  {
    let sampler = try Sampler(
      count: Self.count, worldSize: 2 * ranks, batchSize: 4 / ranks, seed: 7, share: share(1, ranks: ranks))
    let alone = try Sampler(
      count: Self.count, worldSize: 2, batchSize: 4, seed: 7, share: share(1, ranks: 1)
    ).batches(epoch: 2, rank: 1)
    let own = (0..<ranks).map { sampler.batches(epoch: 2, rank: ranks + $0) }
    for (step, batch) in alone.enumerated() {
      #expect((0..<4).map { own[$0 % ranks][step][$0 / ranks] } == batch)
    }
  }

  @Test func `a share of all images is no share`() throws {
    let all = HostShare(images: [90], ranks: 4, digest: 0, isOwn: [Bool](repeating: true, count: 90))
    let one = try Sampler(count: 90, worldSize: 4, batchSize: 2, seed: 7, share: all)
    let other = try Sampler(count: 90, worldSize: 4, batchSize: 2, seed: 7)
    for rank in 0..<4 {
      #expect(one.batches(epoch: 1, rank: rank).elementsEqual(other.batches(epoch: 1, rank: rank)))
    }
  }

  @Test(arguments: [1, 2, 3, 5], [1, 4, 7])
  func `evaluation has every image exactly once, on its host`(ranks: Int, batch: Int) {
    var (all, whole, most): ([Int], [Int], [Int]) = ([], [], [])
    for rank in 0..<2 * ranks {
      let host = rank / ranks
      let sampler = EvaluationSampler(
        count: Self.count, worldSize: 2 * ranks, batchSize: batch, share: share(host, ranks: ranks))
      let (batches, wholes) = (sampler.batches(rank: rank), sampler.wholeBatches(rank: rank))
      #expect((batches + wholes).allSatisfy { !$0.isEmpty && $0.count <= batch })
      #expect((batches + wholes).joined().allSatisfy { Self.hosts[$0 % 3] == host })
      #expect(batches.count <= sampler.mostBatches && wholes.count <= sampler.mostBatches)
      most += [batches.count == sampler.mostBatches ? 1 : 0, wholes.count == sampler.mostBatches ? 2 : 0]
      all += batches.joined()
      whole += wholes.joined()
    }
    #expect(all.sorted() == Array(0..<Self.count))
    #expect(whole.sorted() == Array(0..<Self.count))
    #expect(Set(most).isSuperset(of: [1, 2]), "some rank has the most")
  }
}
