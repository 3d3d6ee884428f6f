import CImage

/// What one thread's decoders keep from one image to the next.
final class DecoderMemory {
  /// Nil when out of memory; using it then reports that.
  let jpeg = ci_jpeg_new()
  /// Memory for rows that a file stores in another form.
  let rows = ByteBuffer()
  // The image whose header was read last, and the number of images so far.
  private var current = 0
  private var count = 0

  deinit { ci_jpeg_free(jpeg) }

  /// Returns a number for an image whose header is about to be read.
  func begin() -> Int {
    count += 1
    current = count
    return count
  }

  /// Makes the decoders ready for that image, whose header is read again if another image was begun since.
  func turn<Failure: Error>(
    to image: Int, orRead readHeader: () throws(Failure) -> Void
  ) throws(Failure) {
    guard current != image else { return }
    try readHeader()
    current = image
  }
}
