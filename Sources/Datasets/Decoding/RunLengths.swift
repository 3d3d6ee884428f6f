/// The run-length encoded pixels of a BMP with 4 or 8 bits (`BI_RLE4`, `BI_RLE8`).
struct RunLengths {
  private let file: UnsafeBufferPointer<UInt8>
  private let start: Int
  private let isFourBit: Bool
  private let width: Int

  init(_ file: UnsafeBufferPointer<UInt8>, at start: Int, isFourBit: Bool, width: Int) {
    (self.file, self.start, self.isFourBit, self.width) = (file, start, isFourBit, width)
  }

  /// Writes one byte per pixel in the order of the file; pixels that runs skip keep their value.
  ///
  /// As in Pillow, a run ends at its row's end, and an image that ends early is an error.
  func layOut(_ pixels: UnsafeMutableBufferPointer<UInt8>) throws(CodecFailure) {
    var (place, at, column) = (start, 0, 0)
    while at < pixels.count {
      let (count, value) = (try byte(at: place), try byte(at: place + 1))
      place += 2
      switch (count, value) {
      case (0, 0):
        at = (at + width - 1) / width * width
        column = 0
      case (0, 1): throw CodecFailure("Premature end of file")
      case (0, 2):
        at += try byte(at: place) + byte(at: place + 1) * width
        column = at % width
        place += 2
      case (0, _):
        for number in 0..<min(value, pixels.count - at) {
          let pair = try byte(at: place + (isFourBit ? number / 2 : number))
          pixels[at + number] = isFourBit ? half(pair, number) : UInt8(pair)
        }
        at += value
        column += value
        // Padded to 16-bit words.
        place += ((isFourBit ? (value + 1) / 2 : value) + 1) / 2 * 2
      default:
        let run = min(count, max(0, width - column), pixels.count - at)
        for number in 0..<run { pixels[at + number] = isFourBit ? half(value, number) : UInt8(value) }
        at += run
        column += run
      }
    }
  }

  private func byte(at place: Int) throws(CodecFailure) -> Int {
    guard place < file.count else { throw CodecFailure("Premature end of file") }
    return Int(file[place])
  }

  /// One of a byte's two halves, the high one first.
  private func half(_ pair: Int, _ number: Int) -> UInt8 { UInt8(number % 2 == 0 ? pair >> 4 : pair & 15) }
}
