/// An image stored without compression, or in a form that is easily expanded: where each row begins, and how
/// to read a pixel.
///
/// Only bytes that exist are read, whatever the header says.
struct RawImage {
  let width: Int
  let height: Int
  /// The offset of the top row.
  var top: Int
  /// Bytes from a row to the one below it; negative where the file stores the lowest row first.
  let stride: Int
  /// The bytes of a row that hold pixels.
  let rowBytes: Int
  /// Reads the colour of the pixel at a column of a row's bytes.
  let color: (_ row: UnsafeBufferPointer<UInt8>, _ column: Int) throws(CodecFailure) -> SIMD3<UInt8>
  /// Expands rows stored in another form into zeroed bytes.
  var layOut:
    ((_ file: UnsafeBufferPointer<UInt8>, UnsafeMutableBufferPointer<UInt8>) throws(CodecFailure) -> Void)?

  /// The header, once all rows are known to be there; images beyond the size limit are not examined further.
  func header(of file: UnsafeBufferPointer<UInt8>) throws(CodecFailure) -> ImageHeader {
    guard width > 0, height > 0 else { throw CodecFailure("it has no pixels") }
    let size = ImageHeader(width: width, height: height)
    guard width < 1 << 28, height < 1 << 28, width * height < 1 << 30 else { return size }
    guard layOut == nil else { return ImageHeader(width: width, height: height, held: rowBytes * height) }
    let last = top + (height - 1) * stride
    guard min(top, last) >= 0, max(top, last) + rowBytes <= file.count else {
      throw CodecFailure("Premature end of file")
    }
    return size
  }

  func decode(
    _ region: PixelRegion, of file: UnsafeBufferPointer<UInt8>, _ decoders: DecoderMemory,
    into memory: ByteBuffer
  ) throws(CodecFailure) -> DecodedRows {
    _ = try header(of: file)
    guard let layOut else { return try read(region, of: file, into: memory) }
    let bytes = decoders.rows.reserve(rowBytes * height)
    bytes.update(repeating: 0)
    try layOut(file, bytes)
    return try read(region, of: UnsafeBufferPointer(bytes), into: memory)
  }

  private func read(
    _ region: PixelRegion, of file: UnsafeBufferPointer<UInt8>, into memory: ByteBuffer
  ) throws(CodecFailure) -> DecodedRows {
    let rgb = memory.rows(region.height, of: region.width * 3)
    var at = 0
    for y in region.y..<(region.y + region.height) {
      let start = top + y * stride
      let row = UnsafeBufferPointer(rebasing: file[start..<(start + rowBytes)])
      for x in region.x..<(region.x + region.width) {
        let color = try color(row, x)
        (rgb[at], rgb[at + 1], rgb[at + 2]) = (color.x, color.y, color.z)
        at += 3
      }
    }
    return DecodedRows(start: rgb, stride: region.width * 3)
  }
}

extension ImageCodec {
  /// Makes the codec of a format whose header gives the position of everything.
  fileprivate init(
    raw read: @escaping @Sendable (UnsafeBufferPointer<UInt8>) throws(CodecFailure) -> RawImage
  ) {
    self.init(
      header: { file, _ throws(CodecFailure) in try read(file).header(of: file) },
      decode: { file, region, _, decoders, memory throws(CodecFailure) in
        try read(file).decode(region, of: file, decoders, into: memory)
      })
  }

  /// Windows BMP: palettes of 1, 4 and 8 bits, the latter two also run-length encoded; 16, 24 and 32 bits.
  static let bmp = ImageCodec(raw: { file throws(CodecFailure) in try bitmap(file) })

  /// Netpbm's PBM, PGM and PPM, binary and text.
  static let pnm = ImageCodec(raw: { file throws(CodecFailure) in try portableMap(file) })
}
