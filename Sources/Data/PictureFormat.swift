/// A picture format told by a file's first bytes: ImageNet has a PNG that is named .JPEG.
enum PictureFormat: Equatable {
  case jpeg
  case png
  /// Recognised, so that the error can name it, but not decoded.
  case other(String)

  /// Nil for anything that is not a picture.
  init?(_ bytes: some Collection<UInt8>) {
    guard let signature = Self.signatures.first(where: { bytes.starts(with: $0.bytes) }) else {
      return nil
    }
    // A RIFF file may also be sound or video; the kind stands after the length.
    if signature.format == .other("WebP") && !bytes.dropFirst(8).starts(with: "WEBP".utf8) { return nil }
    self = signature.format
  }

  private static let signatures: [(bytes: [UInt8], format: PictureFormat)] =
    [
      ([0xFF, 0xD8, 0xFF], .jpeg),
      ([0x89] + "PNG\r\n\u{1A}\n".utf8, .png),
      (Array("BM".utf8), .other("BMP")),
      (Array("RIFF".utf8), .other("WebP")),
      (Array("GIF8".utf8), .other("GIF")),
      (Array("II*\0".utf8), .other("TIFF")),
      (Array("MM\0*".utf8), .other("TIFF")),
    ]
    + "123456".utf8.flatMap { digit in
      " \n\t\r".utf8.map { space in ([UInt8(ascii: "P"), digit, space], .other("PNM")) }
    }
}
