import Datasets
import Model
import Recipe
import System
import Torch
import Training

/// `--throughput`: how fast the network evaluates one batch, with the reference's counts and lines.
///
/// Twins `main.py`: the first held-out batch, fifty forward passes to warm up, thirty timed, in float32.
struct Throughput {
  let setup: RunSetup
  let loader: BatchLoader

  private static let warmUps = 50
  private static let timed = 30

  func run(_ network: any Network) throws {
    let first = EvaluationSampler(
      count: setup.data.validation.count, worldSize: 1, batchSize: setup.evaluationBatch
    ).batches(rank: 0)[0]
    loader.start(batches: [first], epoch: 0)
    guard let batch = try loader.next() else { return }
    let images = Normalizer(on: setup.device)(batch.pixels, count: batch.count, side: batch.size)
    let seconds = withoutGradients {
      for _ in 0..<Self.warmUps { forward(network, images) }
      setup.console.print("throughput averaged with \(Self.timed) times")
      let watch = Stopwatch()
      for _ in 0..<Self.timed { forward(network, images) }
      return watch.elapsed
    }
    let rate = Double(Self.timed * batch.count) / seconds
    setup.console.print("batch_size \(batch.count) throughput \(rate)")
  }

  /// Reads one logit, which waits for the device.
  private func forward(_ network: any Network, _ images: Tensor) {
    _ = network(images, .evaluation()).selected(0, 0).selected(0, 0).item()
  }
}
