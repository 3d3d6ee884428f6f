import Collective
import Model
import TestSupport
import Testing
import Torch

@testable import Training

@Suite struct WeightCheckTests {
  /// Who is named by each rank when one bit of rank `faulty`'s weights has changed after the first step.
  private func named(ranks: Int, faulty: Int, shards: Bool, interval: Int = 1) throws -> [[Int]?] {
    var way = Parallelism()
    (way.shardsOptimizer, way.weightCheckInterval) = (shards, interval)
    return try onGroup(of: ranks, blockLength: 1000) { [way] group in
      let trainer = try makeTrainer(group, parallelism: way)
      func step(_ number: Int) throws {
        _ = try trainer.step(
          RuleBatch(step: number, count: ranks).share(of: group.rank, among: ranks), epoch: 0,
          learningRate: 1e-3)
      }
      try step(0)
      try trainer.settle()
      if group.rank == faulty {
        let weights = trainer.network.parameters[3].tensor.floats()
        weights[1] = Float(bitPattern: weights[1].bitPattern ^ 1)
      }
      do {
        try interval > 0 ? step(1) : { _ = try content(of: trainer) }()
        return nil
      } catch TrainingError.weightsDiffer(let odd, steps: 1) {
        return odd
      }
    }
  }

  @Test(arguments: [true, false]) func `one wrong bit names its rank on all ranks`(shards: Bool) throws {
    #expect(try named(ranks: 3, faulty: 1, shards: shards) == [[1], [1], [1]])
    #expect(try named(ranks: 5, faulty: 4, shards: shards) == Array(repeating: [4], count: 5))
  }

  @Test func `of two ranks nobody knows which one is right`() throws {
    #expect(try named(ranks: 2, faulty: 1, shards: false) == [[0, 1], [0, 1]])
  }

  @Test func `a checkpoint is not made of weights that differ`() throws {
    #expect(try named(ranks: 3, faulty: 0, shards: true, interval: 0) == [[0], [0], [0]])
  }

  @Test func `ranks that agree go on, and those that start apart do not`() throws {
    #expect(try named(ranks: 3, faulty: -1, shards: true) == [nil, nil, nil])
    let odd = try onGroup(of: 3) { group -> [Int] in
      let trainer = try makeTrainer(group)
      if group.rank == 2 { trainer.network.parameters[0].tensor.fill(0.5) }
      do {
        _ = try trainer.step(
          RuleBatch(step: 0, count: 3).share(of: group.rank, among: 3), epoch: 0, learningRate: 1e-3)
        return []
      } catch TrainingError.weightsDiffer(let odd, steps: 0) {
        return odd
      }
    }
    #expect(odd == [[2], [2], [2]])
  }
}
