import Randomness

/// Decodes one claimed picture into its place; a value that every decode thread has.
struct SampleDecoder: Sendable {
  let folder: ImageFolder
  let transform: any Transform
  let seed: UInt64

  /// Writes the claim's sample; returns what went wrong.
  func decode(_ claim: BatchQueue.Claim, with reader: PictureReader) -> DataError? {
    let batch = claim.open.batch
    let sample = batch.indices[claim.position]
    let generator = KeyedGenerator(seed: seed, stream: .geometry, epoch: claim.open.epoch, index: sample)
    do throws(DataError) {
      let pixels = batch.sample(at: claim.position)
      try reader.read(folder[sample % folder.count].path, transform, generator: generator, into: pixels)
      return nil
    } catch {
      return error
    }
  }
}
