import CImage

/// How images of one format are read: their header, then a part of their pixels, as Pillow's `convert("RGB")` gives them.
struct ImageCodec: Sendable {
  /// What the header says, of a file that ends where it should.
  let header:
    @Sendable (_ file: UnsafeBufferPointer<UInt8>, DecoderMemory) throws(CodecFailure) -> ImageHeader
  /// The pixels of a region that lies inside, in memory; of the file whose header was read last.
  let decode: Decoder
  /// Looks for damage that decoding does not find.
  var check: (@Sendable (_ file: UnsafeBufferPointer<UInt8>) throws(CodecFailure) -> Void)?
  /// Whether images can be had at half, a quarter or an eighth of their size, rounded up, which saves time.
  var isReducing = false

  /// `reduction` is 1 where images cannot be reduced.
  typealias Decoder =
    @Sendable (
      _ file: UnsafeBufferPointer<UInt8>, PixelRegion, _ reduction: Int, DecoderMemory, ByteBuffer
    ) throws(CodecFailure) -> DecodedRows
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
    header: { file, decoders throws(CodecFailure) in
      try header { ci_jpeg_header(decoders.jpeg, file.baseAddress, file.count, &$0) }
    },
    decode: { _, region, reduction, decoders, memory throws(CodecFailure) in
      let stride = ci_jpeg_row_bytes(ci_region(region))
      let rows = memory.rows(region.height, of: stride)
      var skipped = 0
      guard ci_jpeg_decode(decoders.jpeg, ci_region(region), Int32(reduction), rows, &skipped) == 0 else {
        throw .last
      }
      return DecodedRows(start: rows + skipped, stride: stride)
    }, isReducing: true)

  static let png = ImageCodec(header: ci_png_header, decode: ci_png_decode)
  static let webp = ImageCodec(header: ci_webp_header, decode: ci_webp_decode)
  static let gif = ImageCodec(header: ci_gif_header, decode: ci_gif_decode)
  static let tiff = ImageCodec(header: ci_tiff_header, decode: ci_tiff_decode) { file throws(CodecFailure) in
    guard ci_tiff_check(file.baseAddress, file.count) == 0 else { throw .last }
  }

  private typealias HeaderReader =
    @Sendable (UnsafePointer<UInt8>?, Int, UnsafeMutablePointer<ci_header>?) -> CInt

  /// A decoder that writes the region alone.
  private init(
    header: @escaping HeaderReader,
    decode: @escaping @Sendable (UnsafePointer<UInt8>?, Int, ci_region, UnsafeMutablePointer<UInt8>?) -> CInt,
    check: (@Sendable (UnsafeBufferPointer<UInt8>) throws(CodecFailure) -> Void)? = nil
  ) {
    self.init(
      header: { file, _ throws(CodecFailure) in
        try Self.header { header(file.baseAddress, file.count, &$0) }
      },
      decode: { file, region, _, _, memory throws(CodecFailure) in
        let rows = memory.rows(region.height, of: region.width * 3)
        guard decode(file.baseAddress, file.count, ci_region(region), rows) == 0 else { throw .last }
        return DecodedRows(start: rows, stride: region.width * 3)
      }, check: check)
  }

  private static func header(_ read: (inout ci_header) -> CInt) throws(CodecFailure) -> ImageHeader {
    var header = ci_header()
    guard read(&header) == 0 else { throw .last }
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
