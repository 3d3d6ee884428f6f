import CLinux
import Foundation
import Model
import Recipe
import TestSupport
import Testing
import Torch

@testable import Checkpoint
@testable import Collective
@testable import Datasets
@testable import Training

/// Batches of pixels and labels made by the same rule as in `scripts/goldens/training.py`.
struct RuleBatch {
  let pixels: [UInt8]
  let labels: [Int]
  static let side = 64
  static let classes = 10

  init(step: Int, count: Int) {
    let side = Self.side
    pixels = Rule.bits("pixels\(step)", count * side * side * 3).map { UInt8($0 >> 56) }
    labels = Rule.bits("labels\(step)", count).map { Int($0 % UInt64(Self.classes)) }
  }

  /// The images that `rank` of `size` takes: rank, rank + size, ….
  func share(of rank: Int, among size: Int = 1) -> PixelBatch {
    let mine = Array(stride(from: rank, to: labels.count, by: size))
    let bytes = Self.side * Self.side * 3
    let batch = PixelBatch(capacity: max(1, mine.count), size: Self.side)
    batch.assign(mine, labels: mine.map { labels[$0] })
    for (place, image) in mine.enumerated() {
      _ = batch.view(at: place).initialize(from: pixels[(image * bytes)..<((image + 1) * bytes)])
    }
    return batch
  }
}

/// A nano network whose weights are made by rule.
func makeRuleNetwork(dropPath: Double = 0) throws -> Twins {
  let configuration = try #require(TwinsConfiguration.named("alt_gvt_nano"))
  let network = Twins(configuration, classes: RuleBatch.classes, dropPath: dropPath)
  fillByRule(network)
  return network
}

/// A small DeiT with a distillation token whose weights are made by rule.
func makeRuleDeiT() -> VisionTransformer {
  var shape = VisionTransformer.Shape(channels: 64, heads: 2, isDistilled: true)
  shape.depth = 2
  let network = VisionTransformer(shape, side: RuleBatch.side, classes: RuleBatch.classes)
  fillByRule(network)
  return network
}

private func fillByRule(_ network: any Network) {
  for parameter in network.parameters {
    let weights = Rule.weights(parameter.name, parameter.tensor.shape)
    weights.withUnsafeBytes { parameter.tensor.fill(from: $0) }
  }
}

/// The reference's recipe for the batches by rule, without what draws lots.
func makeRecipe(_ change: (inout Recipe) -> Void = { _ in }) -> Recipe {
  var recipe = Recipe()
  recipe.data.inputSize = RuleBatch.side
  recipe.mixing.probability = 0
  recipe.data.erasing.probability = 0
  change(&recipe)
  return recipe
}

func makeTrainer(
  _ group: any ProcessGroup = SoloGroup(), dropPath: Double = 0, recipe: Recipe = makeRecipe(),
  parallelism: Parallelism = Parallelism()
) throws -> Trainer {
  try Trainer(
    try makeRuleNetwork(dropPath: dropPath), recipe: recipe, group: group, on: .cpu, parallelism: parallelism)
}

/// Runs `body` with a group of `size` ranks, each a thread, over a ring in memory.
///
/// Blocks may be made short, so that a small network has many of them. Ranks that share memory see one another's buffers.
func onGroup<Value: Sendable>(
  of size: Int, blockLength: Int = RingGrain().blockLength, sharing: Bool = false, shareLimit: Int? = nil,
  sumGroup: Int? = nil,
  _ body: @escaping @Sendable (any ProcessGroup) throws -> Value
) throws -> [Value] {
  let ring = LoopbackRing(size: size)
  let memory = sharing ? linux_memory_file("training-test") : -1
  defer { if sharing { close(memory) } }
  return try onRanks(size) { rank throws in
    let group = RingGroup(
      transport: ring.transport(rank: rank), rank: rank, size: size, run: "test", generation: 0,
      timeouts: .init(silence: .seconds(60)), grain: RingGrain(blockLength: blockLength),
      gradientWire: .float32,
      sharedBuffers: sharing
        ? SharedBuffers(
          in: RingRendezvous.SharedMemory(descriptor: memory, limit: shareLimit), orElseSockets: false) : nil,
      sumGroup: sumGroup)
    defer { group.close() }
    return try body(group)
  }.map { try $0.get() }
}

/// A number for floats that differs when one of their bits does: failed comparisons of millions of floats print nothing useful.
func fingerprint(of floats: some Sequence<Float>) -> UInt64 {
  floats.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1.bitPattern)) &* 0x100_0000_01b3 }
}

/// A fingerprint of all weights of a trainer's network.
func weightsFingerprint(of trainer: Trainer) -> UInt64 { fingerprint(of: weights(of: trainer).joined()) }

/// A fingerprint of every tensor of a checkpoint, on rank 0; every rank must call it.
func content(of trainer: Trainer) throws(TrainingError) -> [String: UInt64]? {
  guard trainer.optimizer.exchange.group.rank == 0 else {
    try trainer.shareForSaving()
    return nil
  }
  var snapshot = Snapshot()
  try trainer.save(to: &snapshot)
  let views = snapshot.files.flatMap { file in file.tensors.map { (file.name, $0) } }
  return Dictionary(
    uniqueKeysWithValues: views.map {
      ("\($0).\($1.name)", fingerprint(of: $1.bytes.bindMemory(to: Float.self)))
    })
}

extension Trainer {
  /// Saves a checkpoint and waits for it; every rank must call it.
  func save(_ state: TrainingState, as name: CheckpointName, in store: CheckpointStore) throws {
    guard optimizer.exchange.group.rank == 0 else { return try shareForSaving() }
    let writer = CheckpointWriter(store)
    try #require(try writer.begin(name, state: state, save(to:)))
    try #require(writer.wait(within: .seconds(60)))
    _ = try #require(writer.takeOutcome()).get()
  }
}
