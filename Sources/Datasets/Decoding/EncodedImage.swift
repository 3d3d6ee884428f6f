import System
import SystemPackage

/// An image file in memory whose header has been read; borrows the bytes.
struct EncodedImage {
  let bytes: UnsafeBufferPointer<UInt8>
  let format: ImageFormat
  let width: Int
  let height: Int
  private let place: Place
  private let decoders: DecoderMemory
  // The image's number in `decoders`.
  private let number: Int

  /// The image's path, or how to find it if an error needs it.
  fileprivate enum Place {
    case given(FilePath)
    case listed(any ImageSource, Int)
  }

  /// The most pixels of an image that is decoded, Pillow's limit: a few bytes may claim gigabytes.
  static let maximumPixels = 178_956_970

  /// The most bytes that decoding one image may take: its pixels, and what a progressive JPEG, an interlaced
  /// PNG, a WebP or a TIFF strip needs meanwhile.
  static let maximumBytes = 768 << 20

  /// Reads the header; throws unless the file is a complete image of a supported format and an allowed size.
  init(
    _ bytes: UnsafeBufferPointer<UInt8>, path: FilePath, _ decoders: DecoderMemory = DecoderMemory()
  ) throws(DataError) {
    try self.init(bytes, .given(path), decoders)
  }

  /// The same for the image at `index` of `source`.
  init(
    _ bytes: UnsafeBufferPointer<UInt8>, of index: Int, in source: any ImageSource, _ decoders: DecoderMemory
  ) throws(DataError) {
    try self.init(bytes, .listed(source, index), decoders)
  }

  private init(
    _ bytes: UnsafeBufferPointer<UInt8>, _ place: Place, _ decoders: DecoderMemory
  ) throws(DataError) {
    guard !bytes.isEmpty else { throw .damagedImage(path: place.path, reason: "the file is empty") }
    guard let format = ImageFormat(bytes) else {
      throw StandIn(bytes).map { .standIn($0, path: place.path) } ?? .notAnImage(path: place.path)
    }
    if case .other(let name) = format { throw .unsupportedFormat(name, path: place.path) }
    (self.bytes, self.format, self.place, self.decoders) = (bytes, format, place, decoders)
    number = decoders.begin()
    let header: ImageHeader
    do throws(CodecFailure) {
      header = try format.codec.header(bytes, decoders)
    } catch {
      throw .damaged(place.path, error)
    }
    (width, height) = (header.width, header.height)
    guard self.width * self.height <= Self.maximumPixels else {
      throw .imageTooLarge(path: place.path, width: self.width, height: self.height)
    }
    // A header may claim any number of bytes.
    let (needed, overflows) = header.held.addingReportingOverflow(width * height * 3)
    guard !overflows, needed <= Self.maximumBytes else {
      throw .imageTooCostly(path: place.path, bytes: overflows ? .max : needed)
    }
  }

  /// The image's path.
  var path: FilePath { place.path }

  /// Looks for damage by decoding a narrow strip of full height, for which every row is read to its end.
  func requireSound(_ memory: ByteBuffer) throws(DataError) {
    do throws(CodecFailure) { try format.codec.check?(bytes) } catch { throw .damaged(path, error) }
    _ = try decode(PixelRegion(width: min(16, width), height: height), into: memory)
  }

  /// Whether the format can be decoded at a fraction of its size, in a fraction of the time.
  var isReducible: Bool { format.codec.isReducing }

  /// Decodes the pixels of `region` into `memory`, where they stay valid until it is used again.
  ///
  /// - Parameter reduction: 1, or 2, 4 or 8 if ``isReducible``: `region` then refers to the image reduced by
  ///   that factor, with its size rounded up.
  func decode(
    _ region: PixelRegion, reducedBy reduction: Int = 1, into memory: ByteBuffer
  ) throws(DataError) -> DecodedRows {
    let (width, height) = ((width + reduction - 1) / reduction, (height + reduction - 1) / reduction)
    precondition(region.isInside(width: width, height: height), "\(region) is not inside \(width)x\(height)")
    precondition(reduction == 1 || isReducible, "\(path) is not reducible")
    let codec = format.codec
    do throws(CodecFailure) {
      try decoders.turn(to: number) { () throws(CodecFailure) in _ = try codec.header(bytes, decoders) }
      return try codec.decode(bytes, region, reduction, decoders, memory)
    } catch {
      throw .damaged(path, error)
    }
  }
}

extension EncodedImage.Place {
  var path: FilePath {
    switch self {
    case .given(let path): path
    case .listed(let source, let index): source[index].path
    }
  }
}

extension DataError {
  fileprivate static func damaged(_ path: FilePath, _ failure: CodecFailure) -> DataError {
    failure.isUnreadKind
      ? .unreadKind(path: path, reason: failure.reason) : .damagedImage(path: path, reason: failure.reason)
  }
}
