import Collective
import Recipe
import Testing
import Torch

@testable import Training

@Suite struct SharedPackingTests {
  @Test func `the largest forms go to the rank that has least, each on an edge of 64 bytes`() {
    let shares = PackingShares([100, 640, 64, 300], over: 2)
    #expect(
      shares.places == [
        .init(rank: 1, offset: 320), .init(rank: 0, offset: 0), .init(rank: 1, offset: 448),
        .init(rank: 1, offset: 0),
      ])
    #expect(shares.laneBytes == 640)
  }

  @Test func `no form leaves ranks with nothing, and a rank may have none`() {
    #expect(PackingShares([], over: 3).laneBytes == 0)
    #expect(PackingShares([64], over: 3).places == [.init(rank: 0, offset: 0)])
  }

  /// What a rank has after three steps, and whether it shared packed weights before each and after the last.
  private struct Outcome: Equatable, Sendable {
    var weights: UInt64
    var losses: [Double]
    var sharing: [Bool]
  }

  private func outcomes(sharing: Bool, limit: Int? = nil, _ recipe: Recipe) throws -> [Outcome] {
    try onGroup(of: 3, sharing: sharing, shareLimit: limit) { group in
      let trainer = try makeTrainer(group, dropPath: 0.2, recipe: recipe)
      var shared = [trainer.packing.isSharing]
      let losses = try (0..<3).map { step in
        let batch = RuleBatch(step: step, count: 6).share(of: group.rank, among: 3)
        let loss = try trainer.step(batch, epoch: 0, learningRate: 1e-3).loss
        shared.append(trainer.packing.isSharing)
        return loss
      }
      return Outcome(weights: weightsFingerprint(of: trainer), losses: losses, sharing: shared)
    }
  }

  private static let canFuse = Kernels.fused.fuse(Tensor.zeros([1]), .float32)

  @Test(arguments: [Recipe.Precision.Level.O0, .O1])
  func `ranks that share packed weights get the bits of ranks that pack for themselves`(
    _ level: Recipe.Precision.Level
  ) throws {
    let recipe = makeRecipe {
      $0.precision.level = level
      $0.accumulation = 2
    }
    let own = try outcomes(sharing: false, recipe)
    let shared = try outcomes(sharing: true, recipe)
    #expect(own.allSatisfy { $0.sharing == [false, false, false, false] })
    // The first step finds out what there is to share.
    #expect(!Self.canFuse || shared.allSatisfy { $0.sharing == [false, false, true, true] })
    for (own, shared) in zip(own, shared) {
      #expect(own.weights == shared.weights)
      #expect(own.losses == shared.losses)
    }
  }

  @Test func `without room each packs for itself`() throws {
    let floats = try onGroup(of: 1) { try makeTrainer($0).flat.layout.count }[0]
    let weightsAndGradients = 2 * 3 * (floats * MemoryLayout<Float>.stride + 16384)
    let outcomes = try outcomes(sharing: true, limit: weightsAndGradients + 65536, makeRecipe())
    #expect(outcomes.allSatisfy { $0.sharing == [false, false, false, false] })
  }
}
