import Randomness

/// Decodes one claimed picture into its place; a value that every decode thread has.
struct SampleDecoder: Sendable {
  let folder: ImageFolder
  let transform: any Transform
  let seed: UInt64
  /// So many damaged pictures in a row may be passed over.
  let skips: Int

  /// What became of a claim.
  enum Outcome {
    case whole
    /// Pictures were damaged, and the next one of the folder stands in for them, with its label.
    case replaced(label: Int, damage: [Damage])
    case failed(DataError)
  }

  /// Writes the claim's sample.
  ///
  /// Which picture stands in for a damaged one depends on the folder alone, and its randomness on the sample, so that
  /// any number of ranks sees the same. Pictures that are missing or cannot be read are not passed over.
  func decode(_ claim: BatchQueue.Claim, with reader: PictureReader) -> Outcome {
    let batch = claim.open.batch
    let sample = batch.indices[claim.position]
    let generator = KeyedGenerator(seed: seed, stream: .geometry, epoch: claim.open.epoch, index: sample)
    let pixels = batch.sample(at: claim.position)
    var damage: [Damage] = []
    while true {
      let picture = (sample + damage.count) % folder.count
      let stand = folder[picture]
      do throws(DataError) {
        try reader.read(stand.path, transform, generator: generator, into: pixels)
        return damage.isEmpty ? .whole : .replaced(label: stand.label, damage: damage)
      } catch {
        guard error.damagedFile != nil, damage.count < min(skips, folder.count - 1) else {
          return .failed(error)
        }
        damage.append(Damage(picture: picture, error: error))
      }
    }
  }
}
