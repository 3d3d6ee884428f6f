import System
import SystemPackage

/// Examines every image of a list, and what surrounds those in a pack, on several threads.
struct ImageCheck: Sendable {
  let images: any ImageSource
  /// Whether to decode all data rather than the header alone.
  let decodes: Bool
  private let shards: ShardCheck?

  init(images: any ImageSource, decodes: Bool) {
    (self.images, self.decodes) = (images, decodes)
    shards = (images as? ImageFolder).flatMap(ShardCheck.init)
  }

  /// A hash of a file's bytes; it is comparable within one process only.
  struct Fingerprint: Hashable {
    let count: Int
    let hash: Int
  }

  /// The fingerprints of usable images, and the errors of the others.
  typealias Findings = ImageSweep<Fingerprint>.Findings

  /// Examines all images; the findings are in the order of the list.
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
    // Last, since it reads into the same memory.
    try shards?.look(around: index, file)
    return fingerprint
  }
}
