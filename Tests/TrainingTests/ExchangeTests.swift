import Collective
import Dispatch
import Recipe
import System
import TestSupport
import Testing
import Torch

@testable import Training

/// A group of two ranks of which only this one exists: exchanges are counted, and fail from a given one on.
private final class LonelyGroup: ProcessGroup {
  let rank = 0
  let size = 2
  let blocks = BlockLayout(blockLength: 16, size: 2)
  let sums = Monitor<[Range<Int>]>([])
  let firstSum = DispatchSemaphore(value: 0)
  private let failing: Int
  /// Whether the other rank is lost to exchanges of weights.
  let isLost = Monitor(false)

  init(failingFrom failing: Int = .max) { self.failing = failing }

  func makeBuffer(count: Int) throws(CollectiveError) -> SymmetricBuffer {
    try SoloGroup().makeBuffer(count: count)
  }

  func allReduceSum(_ buffer: SymmetricBuffer, _ range: Range<Int>) throws(CollectiveError) {
    let number = sums.withLock {
      $0.append(range); return $0.count
    }
    if number == 1 { firstSum.signal() }
    if number > failing { throw .lostPeer(rank: 1, operation: "all-reduce", observation: "gone") }
  }

  func reduceScatterSum(_ buffer: SymmetricBuffer, _ range: Range<Int>) throws(CollectiveError) {
    try allReduceSum(buffer, range)
  }
  func allGatherBlocks(_ buffer: SymmetricBuffer, _ range: Range<Int>) throws(CollectiveError) {
    guard isLost.withLock({ $0 }) else { return }
    throw .lostPeer(rank: 1, operation: "all-gather of blocks", observation: "gone")
  }
  func broadcast(_ bytes: UnsafeMutableRawBufferPointer, from root: Int) throws(CollectiveError) {}
  func allGather(_ bytes: [UInt8]) throws(CollectiveError) -> [[UInt8]] { [bytes, bytes] }
  func barrier() throws(CollectiveError) {}
}

@Suite struct ExchangeTests {
  /// Two used parameters, and one that no gradient reaches.
  private struct Network {
    let flat: FlatParameters
    let reducer: GradientReducer
    let scope = ParameterScope()

    init(_ group: any ProcessGroup, overlaps: Bool) throws {
      for (name, count) in [("first", 40), ("unused", 3), ("last", 40)] {
        _ = scope.parameter(name, [count], .constant(2))
      }
      var parallelism = Parallelism()
      parallelism.overlaps = overlaps
      flat = try FlatParameters(scope.parameters, over: group, on: .cpu, bucketBytes: 64)
      reducer = GradientReducer(flat, RankExchange(group, parallelism, on: .cpu), parallelism)
    }

    func backward(factor: Double = 1) {
      (scope.parameters[0].tensor * scope.parameters[2].tensor).sum().scaled(by: factor).backward()
    }
  }

  @Test func `buckets leave during backward, and only during a step's last`() throws {
    let group = LonelyGroup()
    let network = try Network(group, overlaps: true)
    network.backward()
    network.reducer.expectLastGradients()
    #expect(group.sums.withLock { $0 } == [])
    network.backward()
    // Without a call of `finish`.
    #expect(group.firstSum.wait(timeout: .now() + .seconds(30)) == .success)
    try network.reducer.finish()
    #expect(group.sums.withLock { $0 } == network.flat.layout.buckets)
  }

  @Test(arguments: [true, false]) func `a parameter without a gradient holds nobody up`(overlaps: Bool) throws
  {
    let owned = try onGroup(of: 3, blockLength: 16) { group in
      let network = try Network(group, overlaps: overlaps)
      for _ in 0..<2 {
        network.flat.zeroGradients()
        network.reducer.expectLastGradients()
        network.backward(factor: Double(1 + group.rank))
        try network.reducer.finish()
      }
      let flat: [Float] = network.flat.gradients.tensor.elements()
      return group.blocks.ranges(of: group.rank, in: 0..<flat.count).map { Array(flat[$0]) }
    }
    // Blocks go round the ranks. In memory: last, a gap of 8, unused and its gap, first, a gap of 8; 2 · (1 + 2 + 3).
    let gradients = (0..<7).flatMap { owned[$0 % 3][$0 / 3] }
    let twelves = [Float](repeating: 12, count: 40)
    #expect(gradients == twelves + Array(repeating: 0, count: 24) + twelves + Array(repeating: 0, count: 8))
  }

  @Test(arguments: [true, false], [0, 1, 3])
  func `a group that fails makes the step throw, then and ever after`(overlaps: Bool, failing: Int) throws {
    var parallelism = Parallelism()
    (parallelism.overlaps, parallelism.bucketBytes) = (overlaps, 1 << 18)
    let trainer = try makeTrainer(LonelyGroup(failingFrom: failing), parallelism: parallelism)
    let before = weightsFingerprint(of: trainer)
    for _ in 0..<2 {
      #expect {
        try trainer.step(
          RuleBatch(step: 0, count: 2).share(of: 0), epoch: 0, learningRate: 1e-3)
      } throws: { error in
        guard case TrainingError.collective(.lostPeer(1, _, _)) = error else { return false }
        return true
      }
    }
    #expect(weightsFingerprint(of: trainer) == before)
  }

  /// What reads weights after a step.
  enum Reader: CaseIterable { case step, checkpoint, average }

  @Test(arguments: Reader.allCases, [1, 2])
  func `a rank that is lost before weights are sent ends whatever needs them, then and ever after`(
    reader: Reader, steps: Int
  ) throws {
    let group = LonelyGroup()
    var way = Parallelism()
    way.prefetchesWeights = true
    let trainer = try makeTrainer(group, recipe: makeRecipe { $0.ema.enabled = true }, parallelism: way)
    func step() throws {
      _ = try trainer.step(RuleBatch(step: 0, count: 2).share(of: 0), epoch: 0, learningRate: 1e-3)
    }
    for _ in 0..<steps { try step() }
    group.isLost.withLock { $0 = true }
    for _ in 0..<2 {
      #expect {
        switch reader {
        case .step: try step()
        case .checkpoint: try trainer.shareForSaving()
        case .average: _ = try trainer.withAverage {}
        }
      } throws: { error in
        guard case TrainingError.collective(.lostPeer(1, "all-gather of blocks", _)) = error else {
          return false
        }
        return true
      }
    }
  }

  @Test func `a communication thread works in order, and forgets what was queued behind an error`() throws {
    let done = Monitor<[Int]>([])
    let thread = CommunicationThread { number throws(CollectiveError) in
      done.withLock { $0.append(number) }
      if number == 5 { throw .closed }
    }
    thread.handOver(0..<3)
    thread.handOver(3..<5)
    _ = try thread.drain()
    #expect(done.withLock { $0 } == [0, 1, 2, 3, 4])
    thread.handOver(5..<100)
    #expect(throws: CollectiveError.closed) { try thread.drain() }
    #expect(done.withLock { $0 } == [0, 1, 2, 3, 4, 5])
    #expect(try thread.drain() == .zero)
  }

  @Test func `a report survives its journey, also with a loss that is no number`() {
    let report = RankReport(signals: [.stop, .isSaving], loss: -.infinity, squares: 0.1)
    #expect(RankReport(report.bytes) == report)
    #expect(RankReport(RankReport(loss: .nan, squares: 1).bytes)?.loss.isNaN == true)
    #expect(RankReport([]) == nil)
  }

  @Test func `a summary means, unscales and clips`() {
    let reports = [
      RankReport(loss: 1, squares: 9), RankReport(signals: [.stop, .isSaving], loss: 2, squares: 16),
    ]
    let free = StepSummary(reports, clip: nil)
    #expect(
      (free.signals == [.stop, .isSaving], free.loss, free.gradientNorm, free.gradientScale) == (
        true, 1.5, 2.5, 0.5
      ))
    let clipped = StepSummary(reports, lossScale: 4, clip: 0.125)
    #expect(clipped.gradientNorm == 0.625)
    #expect(abs(clipped.gradientScale - 0.125 / (0.625 + 1e-6) / 8) < 1e-12)
    #expect(StepSummary(reports, clip: 3).gradientScale == 0.5)
  }
}
