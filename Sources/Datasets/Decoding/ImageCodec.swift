import CImage

/// How images of one format are read: the header, then any part of the pixels, as Pillow's `convert("RGB")`
/// gives them.
struct ImageCodec: Sendable {
  /// Reads the header and checks that the file is complete.
  let header:
    @Sendable (_ file: UnsafeBufferPointer<UInt8>, DecoderMemory) throws(CodecFailure) -> ImageHeader
  /// Decodes a region of the file whose header was read last, into memory.
  let decode: Decoder
  /// Looks for damage that decoding does not notice.
  var check: (@Sendable (_ file: UnsafeBufferPointer<UInt8>) throws(CodecFailure) -> Void)?
  /// Whether images can be decoded at half, a quarter or an eighth of their size, rounded up, which saves
  /// time.
  var isReducing = false

  /// `reduction` is 1 unless the codec can reduce.
  typealias Decoder =
    @Sendable (
      _ file: UnsafeBufferPointer<UInt8>, PixelRegion, _ reduction: Int, DecoderMemory, ByteBuffer
    ) throws(CodecFailure) -> DecodedRows
}

/// An image's size, and the bytes that its decoder holds at once besides a few rows.
struct ImageHeader {
  var width: Int
  var height: Int
  var held = 0
}

/// Rows of RGB, with possible padding between them.
struct DecodedRows {
  /// The first pixel of the first row.
  let start: UnsafePointer<UInt8>
  /// Bytes from a row to the next.
  let stride: Int
}

/// What is wrong with a file, in the decoder's words.
struct CodecFailure: Error {
  let reason: String
  /// Whether the file may be intact but is of a kind that is not decoded.
  let isUnreadKind: Bool

  init(_ reason: String, isUnreadKind: Bool = false) {
    (self.reason, self.isUnreadKind) = (reason, isUnreadKind)
  }

  /// The failure of the last CImage call.
  static var last: CodecFailure {
    CodecFailure(String(cString: ci_last_error()), isUnreadKind: ci_last_is_unread_kind() != 0)
  }
}

/// The codecs written in C.
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

  /// Makes the codec of a decoder that writes only the region.
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
  /// Returns memory for `count` rows.
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
