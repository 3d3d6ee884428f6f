import Checkpoint
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
    try straight.save(saved, named: "epoch-0001", in: store)
    try train(straight, steps: 2..<4)

    let resumed = try makeTrainer()
    let state = try resumed.resume(try #require(store.newestVerified().checkpoint))
    #expect(state == saved)
    try train(resumed, steps: 2..<4)
    #expect(weights(of: resumed) == weights(of: straight))
  }

  @Test func `an average starts from the weights that a run starts from`() throws {
    let folder = try TemporaryFolder()
    let path = folder.path + "/w.safetensors"
    let trained = try makeTrainer()
    try train(trained, steps: 0..<1)
    let about = Weights(model: "alt_gvt_nano", classes: ["a"], inputSize: 64, cropPercent: 1)
    try about.write(trained.network, to: path)
    for finetunes in [false, true] {
      let trainer = try makeTrainer(recipe: makeRecipe { $0.ema.enabled = true })
      let file = try SafetensorsFile(path: path)
      if finetunes { _ = try trainer.loadForFinetuning(file) } else { try trainer.load(file) }
      trainer.withEvaluatedWeights { #expect(weights(of: trainer) == weights(of: trained)) }
    }
  }

  @Test func `weights of another model or head are refused and change nothing`() throws {
    let folder = try TemporaryFolder()
    let path = folder.path + "/w.safetensors"
    let about = Weights(model: "alt_gvt_nano", classes: ["a"], inputSize: 64, cropPercent: 1)
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

  private func train(_ trainer: Trainer, steps: Range<Int>) throws {
    for step in steps {
      _ = try trainer.step(
        RuleBatch(step: step, count: 8).share(of: 0), epoch: 0, learningRate: 1e-3, stopRequested: false)
    }
  }
}
