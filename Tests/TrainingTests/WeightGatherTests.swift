import Collective
import Recipe
import Testing
import Torch

@testable import Training

@Suite(.serialized) struct WeightGatherTests {
  @Test func `pieces go in the order of the layers that use them, and a parameter waits for its own`() {
    // In memory: 3 in 0..<33, 2 in 48..<49, 1 in 64..<80, 0 in 80..<185; parameter 2 is used first but for 0.
    let layout = FlatLayout([105, 16, 1, 33].map { ($0, true) }, blockLength: 32, bucketBytes: 1000)
    let plan = GatherPlan(layout, layers: [0, 2, 1, 3], blockLength: 32, pieceBytes: 256)
    #expect(plan.pieces == [128..<192, 64..<128, 0..<64])
    #expect(layout.places.map { plan.needed(for: $0.range) } == [2, 2, 3, 3])
    let early = GatherPlan(layout, layers: [1, 2, 0, 3], blockLength: 32, pieceBytes: 256)
    #expect(early.pieces == [0..<64, 128..<192, 64..<128])
    #expect(layout.places.map { early.needed(for: $0.range) } == [3, 3, 1, 1])
  }

  @Test func `what does not learn is not sent, and nobody waits for it`() {
    let paces = [Pace(), nil, nil, nil]
    let layout = FlatLayout(
      [105, 16, 1, 33].map { ($0, true) }, paces: paces, blockLength: 16, bucketBytes: 1000)
    let plan = GatherPlan(layout, layers: [0, 1, 2, 3], blockLength: 16)
    #expect(plan.pieces == [80..<192])
    #expect(layout.places.map { plan.needed(for: $0.range) } == [1, 0, 0, 0])
  }

  /// What a rank has after three steps by one way: weights, average and moments of a checkpoint, and losses.
  private struct Outcome: Equatable, Sendable {
    var content: [String: UInt64]?
    var average: UInt64?
    var losses: [Double] = []
  }

  /// Trains; whatever a step leaves to be sent is not a number until it has been.
  private func outcomes(overlaps: Bool, sharing: Bool = false, _ recipe: Recipe) throws -> [Outcome] {
    var way = Parallelism()
    (way.overlaps, way.prefetchesWeights, way.bucketBytes) = (overlaps, true, 1 << 17)
    return try onGroup(of: 3, blockLength: 1000, sharing: sharing) { [way] group in
      let trainer = try makeTrainer(group, dropPath: 0.2, recipe: recipe, parallelism: way)
      var outcome = Outcome()
      for step in 0..<4 {
        if trainer.begin(epoch: step / 2) { #expect(step == 2) }
        let batch = RuleBatch(step: step, count: 6).share(of: group.rank, among: 3)
        outcome.losses.append(try trainer.step(batch, epoch: step / 2, learningRate: 1e-3).loss)
        let isOwed = trainer.gather?.isOwed ?? false
        // A step that overflows float16 updates nothing.
        #expect(isOwed == overlaps || recipe.precision.dtype == .float16)
        if isOwed { spoilWhatIsOwed(to: group.rank, trainer) }
        if step == 1 { try trainer.settle() }
      }
      outcome.content = try content(of: trainer)
      outcome.average = try trainer.withAverage { weightsFingerprint(of: trainer) }
      return outcome
    }
  }

  private func spoilWhatIsOwed(to rank: Int, _ trainer: Trainer) {
    guard let weights = trainer.flat.sharedWeights?.floats else { return }
    let group = trainer.exchange.group
    for other in 0..<group.size where other != rank {
      for range in trainer.flat.layout.learning.flatMap({ group.blocks.ranges(of: other, in: $0) }) {
        for index in range { weights[index] = .nan }
      }
    }
  }

  private func expectSameBits(sharing: Bool = false, _ recipe: Recipe) throws {
    let plain = try outcomes(overlaps: false, sharing: sharing, recipe)
    let early = try outcomes(overlaps: true, sharing: sharing, recipe)
    #expect(plain.allSatisfy { $0.losses.allSatisfy(\.isFinite) })
    for (plain, early) in zip(plain, early) { #expect(plain == early) }
  }

  @Test(arguments: [false, true])
  func `no reader comes before the weights, be they packed together or not`(sharing: Bool) throws {
    try expectSameBits(sharing: sharing, makeRecipe())
  }

  @Test(arguments: [Recipe.Precision.ElementType.float16, .bfloat16])
  func `nor does one in half precision, with parts and an average`(dtype: Recipe.Precision.ElementType) throws
  {
    try expectSameBits(
      sharing: true,
      makeRecipe {
        ($0.precision.level, $0.precision.dtype) = (.O1, dtype)
        $0.accumulation = 2
        $0.ema.enabled = true
        $0.ema.decay = 0.5
      })
  }

  @Test func `nor does one while a part of the network is frozen, or once it learns`() throws {
    try expectSameBits(
      sharing: true,
      makeRecipe {
        $0.tuning.frozen = "backbone"
        $0.tuning.unfreezeEpoch = 1
      })
  }

  @Test func `a rank without images receives the weights nevertheless`() throws {
    var way = Parallelism()
    way.prefetchesWeights = true
    try onGroup(of: 3, sharing: true) { [way] group in
      let trainer = try makeTrainer(group, parallelism: way)
      for step in 0..<3 {
        _ = try trainer.step(
          RuleBatch(step: step, count: 3).share(of: group.rank, among: 3), epoch: 0, learningRate: 1e-3)
      }
      #expect(throws: TrainingError.self) {
        guard group.rank == 1 else {
          return _ = try trainer.step(
            RuleBatch(step: 3, count: 3).share(of: group.rank, among: 3), epoch: 0, learningRate: 1e-3)
        }
        try trainer.abstain()
      }
      #expect(trainer.gather?.isOwed == false)
      return weightsFingerprint(of: trainer)
    }.forEach { #expect($0 != 0) }
  }
}
