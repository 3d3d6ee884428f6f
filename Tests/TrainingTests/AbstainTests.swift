import Collective
import TestSupport
import Testing

@testable import Training

@Suite struct AbstainTests {
  private static func step(_ trainer: Trainer, _ step: Int, _ group: any ProcessGroup) throws {
    let batch = RuleBatch(step: step, count: 6).share(of: group.rank, among: group.size)
    _ = try trainer.step(batch, epoch: 0, learningRate: 1e-3)
  }

  /// Wherever the sums are made: during `backward()`, which the rank without images does not run, or after it.
  @Test(arguments: [true, false], [true, false])
  func `a step for which one rank has no images is made by none, and the next one by all`(
    overlaps: Bool, shards: Bool
  ) throws {
    var way = Parallelism()
    (way.overlaps, way.shardsOptimizer) = (overlaps, shards)
    let fingerprints = try onGroup(of: 3) { [way] group in
      let (whole, disturbed) = (
        try makeTrainer(group, parallelism: way), try makeTrainer(group, parallelism: way)
      )
      for number in 0..<2 { try Self.step(disturbed, number, group) }
      let before = weightsFingerprint(of: disturbed)
      do {
        if group.rank == 1 { try disturbed.abstain() } else { try Self.step(disturbed, 2, group) }
        Issue.record("rank \(group.rank) made the step")
      } catch TrainingError.imagesMissing {}
      #expect(weightsFingerprint(of: disturbed) == before)
      try Self.step(disturbed, 2, group)
      for number in 0..<3 { try Self.step(whole, number, group) }
      return [weightsFingerprint(of: disturbed), weightsFingerprint(of: whole)]
    }
    for pair in fingerprints { #expect(pair[0] == pair[1]) }
  }

  @Test func `signals of all ranks are known to all`() throws {
    let heard = try onGroup(of: 3) { group in
      try (group.rank == 2 ? RankSignals.stop : .lacksImages).united(in: group)
    }
    #expect(heard == Array(repeating: [.stop, .lacksImages], count: 3))
  }
}
