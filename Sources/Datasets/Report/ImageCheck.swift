import System
import SystemPackage

/// Looks into every image of a list, and around those of a pack, on several threads.
struct ImageCheck: Sendable {
  let images: any ImageSource
  /// Whether all data are decoded, and not the header alone.
  let decodes: Bool
  private let shards: ShardCheck?

  init(images: any ImageSource, decodes: Bool) {
    (self.images, self.decodes) = (images, decodes)
    shards = (images as? ImageFolder).flatMap(ShardCheck.init)
  }

  /// A file's bytes, as far as they tell it from others; the same in one process alone.
  struct Fingerprint: Hashable {
    let count: Int
    let hash: Int
  }

  /// Fingerprints of the images that can be used, and what is wrong with the others.
  typealias Findings = ImageSweep<Fingerprint>.Findings

  /// Looks into all, the findings in the order of the list.
  func findings(threads: Int) -> Findings {
    ImageSweep(images: images) { [self] index, file, strip throws(DataError) in
      try look(at: index, file, strip)
    }.findings(threads: threads)
  }

  private func look(
    at index: Int, _ file: FileMemory, _ strip: ByteBuffer
  ) throws(DataError) -> Fingerprint {
    let bytes = try images.contents(of: index, in: file)
    let image = try EncodedImage(bytes, of: index, in: images, file.decoders)
    if decodes { try image.requireSound(strip) }
    var hasher = Hasher()
    hasher.combine(bytes: UnsafeRawBufferPointer(bytes))
    let fingerprint = Fingerprint(count: bytes.count, hash: hasher.finalize())
    // It reads into the same memory.
    try shards?.look(around: index, file)
    return fingerprint
  }
}
