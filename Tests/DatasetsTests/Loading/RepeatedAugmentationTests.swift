import Randomness
import SystemPackage
import Testing

@testable import Datasets

@Suite struct RepeatedAugmentationTests {
  /// The reference's sampler, a step at a time, with our order.
  private func reference(_ order: [Int], world: Int, batch: Int, rank: Int) -> [[Int]] {
    let repeated = order.flatMap { [$0, $0 + order.count, $0 + 2 * order.count] }
    let own = stride(from: rank, to: repeated.count, by: world).map { repeated[$0] }
    let selected = own.prefix(order.count / 256 * 256 / world)
    return (0..<(selected.count / batch)).map { Array(selected[($0 * batch)..<(($0 + 1) * batch)]) }
  }

  @Test(arguments: [1, 2, 3, 5, 8], [256, 600, 1000])
  func `ranks take what the reference's take`(world: Int, count: Int) throws {
    let sampler = try Sampler(count: count, worldSize: world, batchSize: 7, seed: 2, repetitions: 3)
    let order = sampler.order(epoch: 4)
    for rank in 0..<world {
      let batches = sampler.batches(epoch: 4, rank: rank)
      #expect(Array(batches) == reference(order, world: world, batch: 7, rank: rank))
      #expect(batches.count == sampler.stepsPerEpoch)
    }
  }

  @Test func `one global batch is the same for any world size`() throws {
    let one = try Sampler(count: 500, worldSize: 1, batchSize: 24, seed: 1, repetitions: 3)
    let many = try Sampler(count: 500, worldSize: 8, batchSize: 3, seed: 1, repetitions: 3)
    let ranks = (0..<8).map { many.batches(epoch: 3, rank: $0) }
    for (step, batch) in one.batches(epoch: 3, rank: 0).enumerated() {
      let together = (0..<24).map { ranks[$0 % 8][step][$0 / 8] }
      #expect(together == batch)
    }
  }

  @Test func `too few images to repeat are refused`() throws {
    #expect(throws: DataError.tooFewToRepeat(count: 255, batchSize: 2, worldSize: 4)) {
      try Sampler(count: 255, worldSize: 4, batchSize: 2, seed: 0, repetitions: 3)
    }
    #expect(throws: DataError.tooFewToRepeat(count: 300, batchSize: 290, worldSize: 1)) {
      try Sampler(count: 300, worldSize: 1, batchSize: 290, seed: 0, repetitions: 3)
    }
  }

  @Test(arguments: [0, 2])
  func `views of one image have its label and pixels of their own`(threads: Int) throws {
    let temporary = try TemporaryFolder()
    for (number, name) in ["decode/baseline-420.jpg", "resize/source.png"].enumerated() {
      try temporary.write(Fixture.bytes(name), to: "\(number)/image.jpg")
    }
    let loader = BatchLoader(
      folder: try ImageFolder(FilePath(temporary.path)), transform: TrainTransform(size: 16), batchSize: 6,
      seed: 0,
      threads: threads)
    loader.start(batches: [[0, 2, 4, 1, 3, 5]], epoch: 0)
    let batch = try #require(try loader.next())
    #expect(batch.labels == [0, 0, 0, 1, 1, 1])
    let views = (0..<6).map { Array(batch.pixels[($0 * 768)..<(($0 + 1) * 768)]) }
    #expect(Set(views).count == 6)
  }
}
