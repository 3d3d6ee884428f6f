import CImage

/// What the decoders of one thread keep from an image for the next.
final class DecoderMemory {
  /// Nil where there was no memory for it, which it says itself when it is used.
  let jpeg = ci_jpeg_new()
  /// For rows that a file has in another form.
  let rows = ByteBuffer()
  // The image whose header was read last, of so many.
  private var current = 0
  private var count = 0

  deinit { ci_jpeg_free(jpeg) }

  /// A number for an image, whose header is going to be read now.
  func begin() -> Int {
    count += 1
    current = count
    return count
  }

  /// Has the decoders be at the image of that number; reads its header again where another was begun since.
  func turn<Failure: Error>(
    to image: Int, orRead readHeader: () throws(Failure) -> Void
  ) throws(Failure) {
    guard current != image else { return }
    try readHeader()
    current = image
  }
}
