import Datasets
import Model
import System
import Torch
import Training

/// Classifies images batch by batch, while threads decode the following ones.
struct Predictor {
  private let trained: TrainedNetwork
  private let normalized: Normalizer
  private let top: Int
  private let showsLogits: Bool

  /// Makes a predictor of the `top` classes for each image, by logit or by probability.
  init(_ trained: TrainedNetwork, top: Int, logits: Bool, on device: Device) {
    (self.trained, showsLogits) = (trained, logits)
    self.top = min(top, trained.about.classes.count)
    normalized = Normalizer(trained.about.images, on: device)
  }

  /// An image as the network saw it; valid only inside the call that receives it.
  struct View {
    /// RGB, row by row.
    let pixels: UnsafeRawBufferPointer
    /// Height and width.
    let side: Int
  }

  /// Where the network attends in the view; this takes another pass.
  func attention(over view: View) -> AttentionMaps {
    withoutGradients {
      trained.network.attentionMaps(
        of: normalized(view.pixels, count: 1, side: view.side), computeType: .float32)
    }
  }

  /// Calls `body` with each image's prediction, or its error, in the order of the images.
  func run(
    _ images: ImageList, batchSize: Int, threads: Int,
    _ body: (_ image: Int, View, Result<[Prediction.Guess], DataError>) throws -> Void
  ) throws {
    let loader = BatchLoader(
      folder: images, transform: EvaluationTransform(trained.about.images), batchSize: batchSize, seed: 0,
      threads: threads, failures: .black)
    loader.start(
      batches: stride(from: 0, to: images.count, by: batchSize).map { start in
        Array(start..<min(start + batchSize, images.count))
      }, epoch: 0)
    while let batch = try loader.next() {
      let guesses = guesses(batch)
      let failures = Dictionary(batch.damage.map { ($0.image, $0.error) }) { first, _ in first }
      let views = batch.parts(batch.count).map { View(pixels: $0.pixels, side: batch.size) }
      for (position, image) in batch.indices.enumerated() {
        let result = failures[image].map { Result.failure($0) } ?? .success(guesses[position])
        try body(image, views[position], result)
      }
      loader.recycle(batch)
    }
  }

  private func guesses(_ batch: PixelBatch) -> [[Prediction.Guess]] {
    withoutGradients {
      let classes = trained.about.classes
      let pixels = normalized(batch.pixels, count: batch.count, side: batch.size)
      let output = trained.network(pixels, .evaluation())
      let best = output.topIndices(top).elements(as: Int64.self).map(Int.init)
      let scores = (showsLogits ? output : output.softmax()).elements(as: Float.self)
      return (0..<batch.count).map { position in
        best[(position * top)..<((position + 1) * top)].map { index in
          Prediction.Guess(class: classes[index], score: Double(scores[position * classes.count + index]))
        }
      }
    }
  }
}
