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
  func requireSound(_ pixels: ByteBuffer) throws(DataError) {
    let strip = PixelRegion(width: min(16, width), height: height)
    try decode(strip, into: pixels.reserve(strip.byteCount))
  }

  /// Writes the pixels of `region` as packed RGB: height x width x 3 bytes.
  func decode(_ region: PixelRegion, into rgb: UnsafeMutableBufferPointer<UInt8>) throws(DataError) {
    precondition(rgb.count == region.byteCount, "\(rgb.count) bytes do not hold \(region)")
    precondition(region.isInside(width: width, height: height), "\(region) is not inside \(width)x\(height)")
    let area = ci_region(
      x: Int32(region.x), y: Int32(region.y), width: Int32(region.width), height: Int32(region.height))
    let decode = format == .jpeg ? ci_jpeg_decode : ci_png_decode
    guard decode(bytes.baseAddress, bytes.count, area, rgb.baseAddress) == 0 else {
      throw .lastDecoderFailure(path)
    }
  }
}

extension DataError {
  fileprivate static func lastDecoderFailure(_ path: FilePath) -> DataError {
    .damagedImage(path: path, reason: String(cString: ci_last_error()))
  }
}
