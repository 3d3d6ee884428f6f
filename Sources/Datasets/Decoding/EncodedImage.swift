import CImage
import System
import SystemPackage

/// An image file in memory with its header read, ready to decode; borrows the bytes.
struct EncodedImage {
  let path: FilePath
  let bytes: UnsafeBufferPointer<UInt8>
  let format: ImageFormat
  let width: Int
  let height: Int

  /// The largest number of pixels of an image that is decoded, Pillow's limit: a few bytes may claim gigabytes.
  static let maximumPixels = 178_956_970

  /// The most bytes that the decoding of one image may take: its pixels, and what a progressive JPEG or an interlaced
  /// PNG is held in until its last pass.
  static let maximumBytes = 768 << 20

  /// Reads the header; throws for anything but a whole JPEG or PNG of a sane size.
  init(_ bytes: UnsafeBufferPointer<UInt8>, path: FilePath) throws(DataError) {
    guard !bytes.isEmpty else { throw .damagedImage(path: path, reason: "the file is empty") }
    guard let format = ImageFormat(bytes) else {
      throw StandIn(bytes).map { .standIn($0, path: path) } ?? .notAnImage(path: path)
    }
    var header = ci_header()
    let status =
      switch format {
      case .jpeg: ci_jpeg_header(bytes.baseAddress, bytes.count, &header)
      case .png: ci_png_header(bytes.baseAddress, bytes.count, &header)
      case .other(let name): throw .unsupportedFormat(name, path: path)
      }
    guard status == 0 else { throw .lastDecoderFailure(path) }
    self.path = path
    self.bytes = bytes
    self.format = format
    self.width = Int(header.width)
    self.height = Int(header.height)
    guard self.width * self.height <= Self.maximumPixels else {
      throw .imageTooLarge(path: path, width: self.width, height: self.height)
    }
    let needed = self.width * self.height * 3 + header.held
    guard needed <= Self.maximumBytes else { throw .imageTooCostly(path: path, bytes: needed) }
  }

  /// Decodes all data, for damage in them: a strip as high as the image, since every row is read to its end.
  func requireSound(_ memory: ByteBuffer) throws(DataError) {
    _ = try decode(PixelRegion(width: min(16, width), height: height), into: memory)
  }

  /// Rows of RGB, between which there may be bytes of no meaning.
  struct Rows {
    /// The first row's first pixel.
    let start: UnsafePointer<UInt8>
    /// From a row to the next, in bytes.
    let stride: Int
  }

  /// Decodes the pixels of `region` into `memory`, where they are valid until it is used again.
  func decode(_ region: PixelRegion, into memory: ByteBuffer) throws(DataError) -> Rows {
    precondition(region.isInside(width: width, height: height), "\(region) is not inside \(width)x\(height)")
    let area = ci_region(
      x: Int32(region.x), y: Int32(region.y), width: Int32(region.width), height: Int32(region.height))
    let stride = format == .jpeg ? ci_jpeg_row_bytes(area) : region.width * 3
    guard let rows = memory.reserve(region.height * stride).baseAddress else {
      preconditionFailure("a region has at least one pixel")
    }
    var skipped = 0
    let status =
      format == .jpeg
      ? ci_jpeg_decode(bytes.baseAddress, bytes.count, area, rows, &skipped)
      : ci_png_decode(bytes.baseAddress, bytes.count, area, rows)
    guard status == 0 else { throw .lastDecoderFailure(path) }
    return Rows(start: rows + skipped, stride: stride)
  }
}

extension DataError {
  fileprivate static func lastDecoderFailure(_ path: FilePath) -> DataError {
    .damagedImage(path: path, reason: String(cString: ci_last_error()))
  }
}
