import Datasets
import Model
import Recipe
import System
import Torch
import Training

/// `--throughput`: how fast the network evaluates one batch, with the reference's counts and output.
///
/// Twins `main.py`: the first validation batch, fifty forward passes to warm up, thirty timed, in float32.
struct Throughput {
  private let rank: Rank
  private let loader: BatchLoader
  private let images: [Int]
  private let pass: Pass

  private static let warmUps = 50
  private static let timed = 30

  /// Uses the first batch of an evaluation.
  init(_ evaluation: Evaluation) {
    (rank, loader) = (evaluation.rank, evaluation.loader)
    pass = .evaluation(kernels: evaluation.kernels)
    images = evaluation.sampler.firstBatch
  }

  func run(_ network: any Network) throws {
    loader.start(batches: [images], epoch: 0)
    guard let batch = try loader.next() else { return }
    let images = Normalizer(on: rank.device)(batch.pixels, count: batch.count, side: batch.size)
    let seconds = withoutGradients {
      for _ in 0..<Self.warmUps { forward(network, images) }
      rank.console.print("throughput averaged with \(Self.timed) times")
      let watch = Stopwatch()
      for _ in 0..<Self.timed { forward(network, images) }
      return watch.elapsed
    }
    let rate = Double(Self.timed * batch.count) / seconds
    rank.console.print("batch_size \(batch.count) throughput \(rate)")
  }

  /// Runs a forward pass and reads one logit, which waits for the device.
  private func forward(_ network: any Network, _ images: Tensor) {
    _ = network(images, pass).selected(0, 0).selected(0, 0).item()
  }
}
