import Testing

@testable import Datasets

@Suite struct SamplerTests {
  static let worlds = [1, 2, 3, 5, 8]

  @Test(arguments: worlds, [true, false])
  func `an epoch's whole steps hold every image at most once`(world: Int, shuffle: Bool) throws {
    let sampler = try Sampler(count: 1003, worldSize: world, batchSize: 4, seed: 9, shuffle: shuffle)
    let ranks = (0..<world).map { sampler.batches(epoch: 2, rank: $0) }
    #expect(ranks.allSatisfy { $0.count == sampler.stepsPerEpoch && $0.allSatisfy { $0.count == 4 } })
    let all = ranks.flatMap { $0.flatMap { $0 } }
    #expect(Set(all).count == all.count)
    #expect(all.count == 1003 / (4 * world) * 4 * world)
  }

  @Test(arguments: [1, 2, 3, 4, 6, 8, 12, 24])
  func `a global batch holds the same images in the same order for any world size`(world: Int) throws {
    let one = try Sampler(count: 500, worldSize: 1, batchSize: 24, seed: 1)
    let many = try Sampler(count: 500, worldSize: world, batchSize: 24 / world, seed: 1)
    let ranks = (0..<world).map { many.batches(epoch: 3, rank: $0) }
    let expected = one.batches(epoch: 3, rank: 0)
    #expect(many.stepsPerEpoch == expected.count)
    for (step, batch) in expected.enumerated() {
      let together = (0..<24).map { ranks[$0 % world][step][$0 / world] }
      #expect(together == batch)
    }
  }

  @Test func `without shuffling rank r takes r, r+W, …`() throws {
    let sampler = try Sampler(count: 13, worldSize: 3, batchSize: 2, seed: 0, shuffle: false)
    #expect(sampler.batches(epoch: 0, rank: 1).elementsEqual([[1, 4], [7, 10]]))
    #expect(sampler.batches(epoch: 1, rank: 1).elementsEqual(sampler.batches(epoch: 0, rank: 1)))
  }

  @Test func `a balanced epoch shows as many images of each class, and differs from the next`() throws {
    let classes = [50, 3, 40, 7]
    let sampler = try Sampler(count: 100, worldSize: 1, batchSize: 4, seed: 1, balancing: classes)
    let starts = [0, 50, 53, 93, 100]
    var seen: Set<Int> = []
    for epoch in 0..<8 {
      let views = sampler.order(epoch: epoch)
      #expect(views.count == 100 && Set(views).count == 100, "each view is one of its own")
      let images = views.map { $0 % 100 }
      #expect(
        (0..<4).map { c in images.count { $0 >= starts[c] && $0 < starts[c + 1] } } == [25, 25, 25, 25])
      for image in 50..<53 { #expect((8...9).contains(images.count { $0 == image })) }
      seen.formUnion(images)
    }
    #expect(seen.count == 100, "some of a large class are in another epoch")
    #expect(sampler.order(epoch: 0) != sampler.order(epoch: 1))
    #expect(sampler.order(epoch: 1) == sampler.order(epoch: 1))
  }

  @Test(arguments: [1, 2, 4]) func `a balanced epoch is the same for any number of ranks`(world: Int) throws {
    let classes = [30, 5, 12]
    let one = try Sampler(count: 47, worldSize: 1, batchSize: 4, seed: 1, balancing: classes)
    let many = try Sampler(count: 47, worldSize: world, batchSize: 4 / world, seed: 1, balancing: classes)
    let ranks = (0..<world).map { many.batches(epoch: 3, rank: $0) }
    for (step, batch) in one.batches(epoch: 3, rank: 0).enumerated() {
      #expect((0..<4).map { ranks[$0 % world][step][$0 / world] } == batch)
    }
  }

  @Test func `epochs and seeds have orders of their own`() throws {
    let sampler = try Sampler(count: 100, worldSize: 1, batchSize: 1, seed: 0)
    let other = try Sampler(count: 100, worldSize: 1, batchSize: 1, seed: 1)
    #expect(sampler.order(epoch: 0) == sampler.order(epoch: 0))
    #expect(sampler.order(epoch: 0) != sampler.order(epoch: 1))
    #expect(sampler.order(epoch: 0) != other.order(epoch: 0))
  }

  @Test func `a batch may be as large as the data but not larger`() throws {
    #expect(try Sampler(count: 16, worldSize: 8, batchSize: 2, seed: 0).stepsPerEpoch == 1)
    #expect(throws: DataError.batchLargerThanData(count: 15, batchSize: 2, worldSize: 8)) {
      try Sampler(count: 15, worldSize: 8, batchSize: 2, seed: 0)
    }
  }

  @Test(arguments: worlds, [0, 1, 2, 7, 8, 500, 503])
  func `evaluation has every image exactly once`(world: Int, count: Int) {
    let sampler = EvaluationSampler(count: count, worldSize: world, batchSize: 4)
    let ranks = (0..<world).map { sampler.indices(rank: $0) }
    #expect(ranks.flatMap { $0 }.sorted() == Array(0..<count))
    for (rank, indices) in ranks.enumerated() {
      let batches = sampler.batches(rank: rank)
      #expect(batches.flatMap { $0 } == indices)
      #expect(batches.dropLast().allSatisfy { $0.count == 4 })
      #expect(batches.allSatisfy { !$0.isEmpty })
    }
  }

  @Test(arguments: worlds, [0, 1, 2, 7, 8, 500, 503])
  func `whole batches hold the same images for any number of ranks`(world: Int, count: Int) {
    let sampler = EvaluationSampler(count: count, worldSize: world, batchSize: 4)
    let alone = EvaluationSampler(count: count, worldSize: 1, batchSize: 4).batches(rank: 0)
    let dealt = (0..<world).map { sampler.wholeBatches(rank: $0) }
    #expect(dealt.flatMap { $0 }.sorted { $0[0] < $1[0] } == alone)
    #expect(dealt.allSatisfy { $0.count <= dealt[0].count && $0.count + 1 >= dealt[0].count })
  }
}
