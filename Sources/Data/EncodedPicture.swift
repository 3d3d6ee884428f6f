import CImage
import System

/// A picture file in memory with its header read, ready to decode; borrows the bytes.
struct EncodedPicture {
  let path: String
  let bytes: UnsafeBufferPointer<UInt8>
  let format: PictureFormat
  let width: Int
  let height: Int

  /// The largest number of pixels of a picture that is decoded, Pillow's limit: a few bytes may claim gigabytes.
  static let maximumPixels = 178_956_970

  /// Reads the header; throws for anything but a whole JPEG or PNG of a sane size.
  init(_ bytes: UnsafeBufferPointer<UInt8>, path: String) throws(DataError) {
    guard !bytes.isEmpty else { throw .damagedPicture(path: path, reason: "the file is empty") }
    guard let format = PictureFormat(bytes) else {
      throw StandIn(bytes).map { .standIn($0, path: path) } ?? .notAPicture(path: path)
    }
    var width: Int32 = 0
    var height: Int32 = 0
    let status =
      switch format {
      case .jpeg: ci_jpeg_size(bytes.baseAddress, bytes.count, &width, &height)
      case .png: ci_png_size(bytes.baseAddress, bytes.count, &width, &height)
      case .other(let name): throw .unsupportedFormat(name, path: path)
      }
    guard status == 0 else { throw .lastDecoderFailure(path) }
    self.path = path
    self.bytes = bytes
    self.format = format
    self.width = Int(width)
    self.height = Int(height)
    guard self.width * self.height <= Self.maximumPixels else {
      throw .pictureTooLarge(path: path, width: self.width, height: self.height)
    }
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
  fileprivate static func lastDecoderFailure(_ path: String) -> DataError {
    .damagedPicture(path: path, reason: String(cString: ci_last_error()))
  }
}
