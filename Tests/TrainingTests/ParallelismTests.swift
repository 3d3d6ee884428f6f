import Collective
import Model
import Recipe
import Testing
import Torch

@testable import Training

@Suite(.serialized) struct ParallelismTests {
  /// Every way to divide a step; the first is the plainest, the last has the most buckets.
  static let ways =
    [25 << 20, 4 << 20, 1 << 20].flatMap { bytes in
      [(false, false), (false, true), (true, false), (true, true)].map {
        way(bytes, overlaps: $0, shards: $1)
      }
    } + [way(1 << 17, overlaps: true, shards: true)]

  /// Those in which one thing differs from the plainest or all do, for many ranks on few processors.
  static let someWays = [0, 1, 2, 4, 8, 11, 12].map { ways[$0] }

  private static func way(_ bytes: Int, overlaps: Bool, shards: Bool) -> Parallelism {
    var way = Parallelism()
    (way.overlaps, way.shardsOptimizer, way.bucketBytes) = (overlaps, shards, bytes)
    return way
  }

  /// What a rank has after three steps: a fingerprint of the weights' bits, and what it was told.
  struct Result: Equatable, Sendable {
    let weights: UInt64
    let average: UInt64?
    let losses: [Double]
    let norms: [Double]
  }

  /// What a rank comes to by each way, every time from the same weights.
  private func results(
    _ ways: [Parallelism], ranks: Int, recipe: Recipe, images: Int, sumGroup: Int?
  ) throws -> [[Result]] {
    try onGroup(of: ranks, blockLength: 5000, sharing: sumGroup != nil, sumGroup: sumGroup) { group in
      let network = try makeRuleNetwork(dropPath: 0.2)
      let start = network.parameters.map { $0.tensor.elements(as: Float.self) }
      return try ways.map { way in
        for (parameter, values) in zip(network.parameters, start) {
          values.withUnsafeBytes { parameter.tensor.fill(from: $0) }
        }
        let trainer = try Trainer(network, recipe: recipe, group: group, on: .cpu, parallelism: way)
        return try result(of: trainer, group, images: images)
      }
    }
  }

  private func result(of trainer: Trainer, _ group: any ProcessGroup, images: Int) throws -> Result {
    let outcomes = try (0..<3).map { step in
      try trainer.step(
        RuleBatch(step: step, count: images * group.size).share(of: group.rank, among: group.size),
        epoch: 0,
        learningRate: 1e-3)
    }
    return Result(
      weights: weightsFingerprint(of: trainer),
      average: try trainer.withAverage { weightsFingerprint(of: trainer) },
      losses: outcomes.map(\.loss), norms: outcomes.map(\.gradientNorm))
  }

  @discardableResult
  private func expectSameBits(
    ranks: Int, recipe: Recipe, images: Int, sumGroup: Int? = nil
  ) throws -> Result {
    let ways = ranks > 3 ? Self.someWays : Self.ways
    let results = try results(ways, ranks: ranks, recipe: recipe, images: images, sumGroup: sumGroup)
    let plain = results[0][0]
    for (rank, own) in results.enumerated() {
      for (way, result) in zip(ways, own) { #expect(result == plain, "rank \(rank), \(way)") }
    }
    return plain
  }

  @Test func `nor do they where sums are taken in groups, which has bits of its own`() throws {
    let sums = try [nil, 2].map {
      try expectSameBits(ranks: 4, recipe: makeRecipe(), images: 1, sumGroup: $0).weights
    }
    #expect(sums[0] != sums[1])
  }

  @Test(arguments: [2, 3, 5, 8])
  func `overlap, sharding and buckets change no bit`(ranks: Int) throws {
    try expectSameBits(ranks: ranks, recipe: makeRecipe { $0.optimizer.clip = 0.5 }, images: 1)
  }

  @Test func `nor do they with momentum, accumulated parts and an average`() throws {
    let recipe = makeRecipe {
      $0.optimizer.kind = .sgd
      $0.accumulation = 2
      $0.ema.enabled = true
      $0.ema.decay = 0.5
    }
    try expectSameBits(ranks: 3, recipe: recipe, images: 2)
  }

  @Test func `the ways are ways: several buckets, and each rank's moments are its own blocks'`() throws {
    var way = Parallelism()
    way.bucketBytes = 1 << 17
    let touched = try onGroup(of: 3, blockLength: 1000) { [way] group in
      let trainer = try makeTrainer(group, parallelism: way)
      _ = try trainer.step(
        RuleBatch(step: 0, count: 3).share(of: group.rank, among: 3), epoch: 0, learningRate: 1e-3)
      #expect(trainer.optimizer.flat.layout.buckets.count > 10)
      let squares: [Float] = trainer.optimizer.moments[1].tensor.elements()
      let own = group.blocks.ranges(of: group.rank, in: 0..<squares.count)
      #expect(own.map { squares[$0].count { $0 != 0 } }.reduce(0, +) == squares.count { $0 != 0 })
      return squares.count { $0 != 0 }
    }
    #expect(touched.allSatisfy { $0 > 100_000 })
  }

  @Test(arguments: [true, false]) func `exchanges are timed, and those of one rank take nothing`(
    overlaps: Bool
  ) throws {
    var way = Parallelism()
    way.overlaps = overlaps
    let batch = RuleBatch(step: 0, count: 2)
    let times = try onGroup(of: 2) { [way] group in
      try makeTrainer(group, parallelism: way).step(
        batch.share(of: group.rank, among: 2), epoch: 0, learningRate: 1e-3
      ).communication
    }
    for time in times {
      #expect(time.exposedSeconds > 0)
      #expect(overlaps ? time.seconds >= time.exposedSeconds : time.seconds == time.exposedSeconds)
    }
    let alone = try makeTrainer().step(batch.share(of: 0), epoch: 0, learningRate: 1e-3)
    #expect(alone.communication == CommunicationTime())
  }
}
