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

  /// The most bytes that the decoding of one image may take: its pixels, and what a progressive JPEG, an interlaced
  /// PNG, a WebP or a TIFF's strip is held in meanwhile.
  static let maximumBytes = 768 << 20

  /// Reads the header; throws for anything but a whole image of a format that is read, of a sane size.
  init(_ bytes: UnsafeBufferPointer<UInt8>, path: FilePath) throws(DataError) {
    guard !bytes.isEmpty else { throw .damagedImage(path: path, reason: "the file is empty") }
    guard let format = ImageFormat(bytes) else {
      throw StandIn(bytes).map { .standIn($0, path: path) } ?? .notAnImage(path: path)
    }
    if case .other(let name) = format { throw .unsupportedFormat(name, path: path) }
    self.path = path
    self.bytes = bytes
    self.format = format
    let header: ImageHeader
    do throws(CodecFailure) { header = try format.codec.header(bytes) } catch { throw .damaged(path, error) }
    (width, height) = (header.width, header.height)
    guard self.width * self.height <= Self.maximumPixels else {
      throw .imageTooLarge(path: path, width: self.width, height: self.height)
    }
    // A header may claim to hold any number of bytes.
    let (needed, overflows) = header.held.addingReportingOverflow(width * height * 3)
    guard !overflows, needed <= Self.maximumBytes else {
      throw .imageTooCostly(path: path, bytes: overflows ? .max : needed)
    }
  }

  /// Decodes all data, for damage in them: a strip as high as the image, since every row is read to its end.
  func requireSound(_ memory: ByteBuffer) throws(DataError) {
    _ = try decode(PixelRegion(width: min(16, width), height: height), into: memory)
  }

  /// Whether it can be decoded at a part of its size, which takes a part of the time.
  var isReducible: Bool { format.codec.decodeReduced != nil }

  /// Decodes the pixels of `region` into `memory`, where they are valid until it is used again.
  ///
  /// - Parameter reduction: 1, or 2, 4 or 8 of what ``isReducible``: `region` is then a part of the image at that part of its
  ///   size, rounded up.
  func decode(
    _ region: PixelRegion, reducedBy reduction: Int = 1, into memory: ByteBuffer
  ) throws(DataError) -> DecodedRows {
    let (width, height) = ((width + reduction - 1) / reduction, (height + reduction - 1) / reduction)
    precondition(region.isInside(width: width, height: height), "\(region) is not inside \(width)x\(height)")
    let codec = format.codec
    do throws(CodecFailure) {
      if reduction == 1 { return try codec.decode(bytes, region, memory) }
      guard let decodeReduced = codec.decodeReduced else { preconditionFailure("\(path) is not reducible") }
      return try decodeReduced(bytes, region, reduction, memory)
    } catch {
      throw .damaged(path, error)
    }
  }
}

extension DataError {
  fileprivate static func damaged(_ path: FilePath, _ failure: CodecFailure) -> DataError {
    failure.isUnreadKind
      ? .unreadKind(path: path, reason: failure.reason) : .damagedImage(path: path, reason: failure.reason)
  }
}
