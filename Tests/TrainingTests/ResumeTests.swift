import Checkpoint
import Collective
import Datasets
import Model
import Recipe
import TestSupport
import Testing
import Torch

@testable import Training

@Suite struct ResumeTests {
  @Test func `a resumed run takes the same steps to the bit`() throws {
    let folder = try TemporaryFolder()
    let store = CheckpointStore(folder: folder.path)
    let straight = try makeTrainer()
    try train(straight, steps: 0..<2)
    let saved = TrainingState(
      epoch: 1, steps: 2, bestAccuracy: 12.5, classes: ["a", "b"], recipe: Recipe())
    try straight.save(saved, as: CheckpointName(epoch: 1), in: store)
    try train(straight, steps: 2..<4)

    let resumed = try makeTrainer()
    let state = try resumed.resume(try #require(store.newestVerified().checkpoint))
    #expect(state == saved)
    try train(resumed, steps: 2..<4)
    #expect(weightsFingerprint(of: resumed) == weightsFingerprint(of: straight))
  }

  @Test func `a checkpoint does not depend on who updated what, and any number of ranks can load it`() throws
  {
    let recipe = makeRecipe { $0.ema.enabled = true }
    var contents: [[String: UInt64]] = []
    for (shards, shares) in [(true, true), (true, false), (false, false)] {
      let folder = try TemporaryFolder()
      let path = folder.path
      let straight = try onGroup(of: 3, blockLength: 1000, sharing: shares) { group in
        let trainer = try makeTrainer(group, recipe: recipe, parallelism: sharding(shards))
        try train(trainer, steps: 0..<2, rank: group.rank, ranks: 3)
        let state = TrainingState(epoch: 0, steps: 2, bestAccuracy: 0, classes: [], recipe: recipe)
        try trainer.save(state, as: CheckpointName(epoch: 0), in: CheckpointStore(folder: path))
        let saved = try content(of: trainer)
        try train(trainer, steps: 2..<4, rank: group.rank, ranks: 3)
        return (saved, weightsFingerprint(of: trainer))
      }
      let saved = try #require(straight[0].0)
      #expect(saved.count == 4 * (try makeRuleNetwork().parameters.count))
      for (ranks, shards) in [(1, false), (2, true), (3, true), (3, false), (5, true)] {
        let resumed = try onGroup(of: ranks, blockLength: 1000) { group in
          let trainer = try makeTrainer(group, recipe: recipe, parallelism: sharding(shards))
          _ = try trainer.resume(try VerifiedCheckpoint(verifying: path + "/epoch-0000"))
          let loaded = try content(of: trainer)
          if ranks == 3 { try train(trainer, steps: 2..<4, rank: group.rank, ranks: 3) }
          return (loaded, weightsFingerprint(of: trainer))
        }
        #expect(resumed[0].0 == saved, "\(ranks) ranks")
        if ranks == 3 { #expect(resumed.map(\.1) == straight.map(\.1)) }
      }
      contents.append(saved)
    }
    #expect(contents[0] == contents[1] && contents[1] == contents[2])
  }

  private func sharding(_ shards: Bool) -> Parallelism {
    var parallelism = Parallelism()
    parallelism.shardsOptimizer = shards
    return parallelism
  }

  @Test func `a resumed run keeps weights and average to the bit, also while the average warms up`() throws {
    let folder = try TemporaryFolder()
    let store = CheckpointStore(folder: folder.path)
    let recipe = makeRecipe {
      $0.ema.enabled = true
      $0.ema.warmup = true
    }
    let straight = try makeTrainer(recipe: recipe)
    try train(straight, steps: 0..<2)
    let saved = TrainingState(
      epoch: 0, steps: 2, bestAccuracy: 50, bestAverage: 25, classes: ["a"], recipe: recipe)
    try straight.save(saved, as: CheckpointName(epoch: 0), in: store)
    try train(straight, steps: 2..<4)

    let resumed = try makeTrainer(recipe: recipe)
    #expect(try resumed.resume(try #require(store.newestVerified().checkpoint)) == saved)
    try train(resumed, steps: 2..<4)
    #expect(try content(of: resumed) == content(of: straight))
  }

  @Test func `a warmed-up average follows the first updates`() throws {
    let recipe = makeRecipe {
      $0.ema.enabled = true
      $0.ema.warmup = true
    }
    let trainer = try makeTrainer(recipe: recipe)
    var expected = weights(of: trainer).flatMap(\.self)
    for (step, share) in [2.0 / 11, 3.0 / 12, 4.0 / 13].enumerated() {
      try train(trainer, steps: step..<step + 1)
      expected = zip(expected, weights(of: trainer).joined()).map { average, weight in
        Float(share * Double(average) + (1 - share) * Double(weight))
      }
    }
    let found = try #require(try trainer.withAverage { weights(of: trainer).flatMap(\.self) })
    #expect(zip(found, expected).allSatisfy { abs($0 - $1) <= 1e-6 })
    #expect(found != weights(of: trainer).flatMap(\.self))
  }

  @Test func `an average starts from the weights that a run starts from`() throws {
    let folder = try TemporaryFolder()
    let path = folder.path + "/w.safetensors"
    let trained = try makeTrainer()
    try train(trained, steps: 0..<1)
    let about = Weights(model: "alt_gvt_nano", classes: ["a"], images: .init(inputSize: 64, cropPercent: 1))
    try about.write(trained.network, to: path)
    for finetunes in [false, true] {
      let trainer = try makeTrainer(recipe: makeRecipe { $0.ema.enabled = true })
      let file = try SafetensorsFile(path: path)
      if finetunes { _ = try trainer.loadForFinetuning(file) } else { try trainer.load(file) }
      try trainer.withAverage {
        #expect(weightsFingerprint(of: trainer) == weightsFingerprint(of: trained))
      }
    }
  }

  @Test func `weights of another model or head are refused and change nothing`() throws {
    let folder = try TemporaryFolder()
    let path = folder.path + "/w.safetensors"
    let about = Weights(model: "alt_gvt_nano", classes: ["a"], images: .init(inputSize: 64, cropPercent: 1))
    try about.write(try makeRuleNetwork(), to: path)
    let file = try SafetensorsFile(path: path)
    #expect(Weights(metadata: file.metadata) == about)

    let nano = try #require(TwinsConfiguration.named("alt_gvt_nano"))
    let otherHead = Twins(nano, classes: 4)
    let before = otherHead.parameters.map { $0.tensor.elements(as: Float.self) }
    #expect {
      try otherHead.load(file)
    } throws: { error in
      "\(error)".contains("head.weight (F32 [10, 192] in the file, F32 [4, 192] here)")
    }
    #expect(otherHead.parameters.map { $0.tensor.elements(as: Float.self) } == before)

    let other = Twins(try #require(TwinsConfiguration.named("pcpvt_small_v0")), classes: 10)
    #expect { try other.load(file) } throws: { "\($0)".contains("name that with --model") }
  }

  private func train(_ trainer: Trainer, steps: Range<Int>, rank: Int = 0, ranks: Int = 1) throws {
    for step in steps {
      _ = try trainer.step(
        RuleBatch(step: step, count: 8).share(of: rank, among: ranks), epoch: 0, learningRate: 1e-3)
    }
  }
}
