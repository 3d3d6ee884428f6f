internal import Randomness

extension PixelBatch {
  /// A batch of noise, for measurements: no decoder writes it, and each sample is of the class of its number.
  public static func noise(count: Int, size: Int, seed: UInt64) -> PixelBatch {
    let batch = PixelBatch(capacity: count, size: size)
    batch.assign(Array(0..<count), labels: (0..<count).map { $0 % 1000 })
    for position in 0..<count {
      var generator = KeyedGenerator(seed: seed, stream: .geometry, epoch: 0, index: position)
      let sample = batch.sample(at: position)
      for index in sample.indices { sample[index] = UInt8(truncatingIfNeeded: generator.next()) }
    }
    return batch
  }
}
