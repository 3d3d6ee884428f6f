import CImage

/// How images of one format are read: their header, then a part of their pixels, as Pillow's `convert("RGB")` gives them.
struct ImageCodec: Sendable {
  /// What the header says, of a file that ends where it should.
  let header: @Sendable (_ file: UnsafeBufferPointer<UInt8>) throws(CodecFailure) -> ImageHeader
  /// The pixels of a region that lies inside, in memory.
  let decode:
    @Sendable (_ file: UnsafeBufferPointer<UInt8>, PixelRegion, ByteBuffer) throws(CodecFailure) ->
      DecodedRows
  /// The same of the image at half, a quarter or an eighth of its size, rounded up; nil where that would save no time.
  var decodeReduced:
    (
      @Sendable (_ file: UnsafeBufferPointer<UInt8>, PixelRegion, _ reduction: Int, ByteBuffer)
        throws(CodecFailure) -> DecodedRows
    )? = nil
}

/// An image's size, and the bytes that its decoder holds at once beside a few rows.
struct ImageHeader {
  var width: Int
  var height: Int
  var held = 0
}

/// Rows of RGB, between which there may be bytes of no meaning.
struct DecodedRows {
  /// The first row's first pixel.
  let start: UnsafePointer<UInt8>
  /// From a row to the next, in bytes.
  let stride: Int
}

/// What is wrong with a file, in the decoder's words.
struct CodecFailure: Error {
  let reason: String
  /// Whether the file may be whole, and is only of a kind that is not read.
  let isUnreadKind: Bool

  init(_ reason: String, isUnreadKind: Bool = false) {
    (self.reason, self.isUnreadKind) = (reason, isUnreadKind)
  }

  /// The message of the last call of CImage that failed.
  static var last: CodecFailure {
    CodecFailure(String(cString: ci_last_error()), isUnreadKind: ci_last_is_unread_kind() != 0)
  }
}

/// The decoders in C.
extension ImageCodec {
  static let jpeg = ImageCodec(
    header: { file throws(CodecFailure) in try header(file, ci_jpeg_header) },
    decode: { file, region, memory throws(CodecFailure) in try jpeg(file, region, 1, memory) },
    decodeReduced: jpeg)

  @Sendable private static func jpeg(
    _ file: UnsafeBufferPointer<UInt8>, _ region: PixelRegion, _ reduction: Int, _ memory: ByteBuffer
  ) throws(CodecFailure) -> DecodedRows {
    let stride = ci_jpeg_row_bytes(ci_region(region))
    let rows = memory.rows(region.height, of: stride)
    var skipped = 0
    guard
      ci_jpeg_decode(file.baseAddress, file.count, ci_region(region), Int32(reduction), rows, &skipped) == 0
    else { throw .last }
    return DecodedRows(start: rows + skipped, stride: stride)
  }

  static let png = ImageCodec(header: ci_png_header, decode: ci_png_decode)
  static let webp = ImageCodec(header: ci_webp_header, decode: ci_webp_decode)
  static let gif = ImageCodec(header: ci_gif_header, decode: ci_gif_decode)
  static let tiff = ImageCodec(header: ci_tiff_header, decode: ci_tiff_decode)

  private typealias HeaderReader =
    @Sendable (UnsafePointer<UInt8>?, Int, UnsafeMutablePointer<ci_header>?) -> CInt

  /// A decoder that writes the region alone.
  private init(
    header: @escaping HeaderReader,
    decode: @escaping @Sendable (UnsafePointer<UInt8>?, Int, ci_region, UnsafeMutablePointer<UInt8>?) -> CInt
  ) {
    self.init(
      header: { file throws(CodecFailure) in try Self.header(file, header) },
      decode: { file, region, memory throws(CodecFailure) in
        let rows = memory.rows(region.height, of: region.width * 3)
        guard decode(file.baseAddress, file.count, ci_region(region), rows) == 0 else { throw .last }
        return DecodedRows(start: rows, stride: region.width * 3)
      })
  }

  private static func header(
    _ file: UnsafeBufferPointer<UInt8>, _ read: HeaderReader
  ) throws(CodecFailure) -> ImageHeader {
    var header = ci_header()
    guard read(file.baseAddress, file.count, &header) == 0 else { throw .last }
    return ImageHeader(
      width: Int(header.width), height: Int(header.height),
      held: Int(clamping: UInt(bitPattern: header.held)))
  }
}

extension ByteBuffer {
  /// Room for so many rows.
  func rows(_ count: Int, of stride: Int) -> UnsafeMutablePointer<UInt8> {
    guard let start = reserve(count * stride).baseAddress else {
      preconditionFailure("a region has at least one pixel")
    }
    return start
  }
}

extension ci_region {
  fileprivate init(_ region: PixelRegion) {
    self.init(
      x: Int32(region.x), y: Int32(region.y), width: Int32(region.width), height: Int32(region.height))
  }
}
