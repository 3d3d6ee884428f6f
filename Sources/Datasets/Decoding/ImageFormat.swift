import System
import SystemPackage

/// An image format recognised by a file's first bytes, not its name: ImageNet has a PNG named .JPEG.
enum ImageFormat: Equatable {
  case jpeg
  case png
  case webp
  case gif
  case tiff
  case bmp
  case pnm
  /// A format that is recognised, for the error message, but not decoded.
  case other(String)

  /// Nil for anything that is not an image.
  init?(_ bytes: some Collection<UInt8>) {
    if let brand = Self.brand(of: bytes) {
      self = .other(brand)
      return
    }
    guard let signature = Self.signatures.first(where: { bytes.starts(with: $0.bytes) }) else {
      return nil
    }
    // A RIFF file may also be audio or video; its kind follows the length.
    if signature.format == .webp && !bytes.dropFirst(8).starts(with: "WEBP".utf8) { return nil }
    self = signature.format
  }

  private static let signatures: [(bytes: [UInt8], format: ImageFormat)] =
    [
      ([0xFF, 0xD8, 0xFF], .jpeg),
      ([0x89] + "PNG\r\n\u{1A}\n".utf8, .png),
      (Array("BM".utf8), .bmp),
      (Array("RIFF".utf8), .webp),
      (Array("GIF87a".utf8), .gif),
      (Array("GIF89a".utf8), .gif),
      (Array("II*\0".utf8), .tiff),
      (Array("MM\0*".utf8), .tiff),
      // BigTIFF, with 64-bit offsets.
      (Array("II+\0".utf8), .tiff),
      (Array("MM\0+".utf8), .tiff),
      ([0, 0, 0, 12] + "jP  \r\n".utf8, .other("JPEG 2000")),
      ([0xFF, 0x4F, 0xFF, 0x51], .other("JPEG 2000")),
      ([0, 0, 0, 12] + "JXL \r\n".utf8, .other("JPEG XL")),
      ([0xFF, 0x0A], .other("JPEG XL")),
    ]
    + "123456".utf8.flatMap { digit in
      " \n\t\r".utf8.map { space in
        ([UInt8(ascii: "P"), digit, space], .pnm)
      }
    }

  /// The kind of a file that starts with ISO's `ftyp` box, as videos do, from its major and compatible brands
  /// (ISO/IEC 14496-12, 4.3; 23008-12, 10).
  private static func brand(of bytes: some Collection<UInt8>) -> String? {
    let start = bytes.prefix(64)
    guard start.dropFirst(4).starts(with: "ftyp".utf8), let length = start.dropFirst(3).first else {
      return nil
    }
    let brands = Array(start.prefix(Int(length)).dropFirst(8))
    let names = stride(from: 0, to: brands.count - 3, by: 4).map { brands[$0..<$0 + 4] }
    func holds(_ some: [String]) -> Bool {
      names.contains { name in some.contains { name.elementsEqual($0.utf8) } }
    }
    if holds(["avif", "avis"]) { return "AVIF" }
    return holds(["heic", "heix", "heim", "heis", "hevc", "hevx", "mif1", "msf1"]) ? "HEIC" : nil
  }

  /// Whether the first bytes alone are conclusive: a text may begin with the two letters of BMP and PNM, and
  /// cameras' raw files begin as TIFFs do.
  var isUnmistakable: Bool { [.jpeg, .png, .webp, .gif].contains(self) }

  /// The codec of this format.
  var codec: ImageCodec {
    switch self {
    case .jpeg: .jpeg
    case .png: .png
    case .webp: .webp
    case .gif: .gif
    case .tiff: .tiff
    case .bmp: .bmp
    case .pnm: .pnm
    case .other(let name): preconditionFailure("\(name) is not decoded")
    }
  }

  /// The usual name extension.
  var ending: String {
    switch self {
    case .jpeg: "jpg"
    case .png: "png"
    case .webp: "webp"
    case .gif: "gif"
    case .tiff: "tif"
    case .bmp: "bmp"
    case .pnm: "ppm"
    case .other: "image"
    }
  }

  /// Recognises the file at `path` by its first bytes; nil for no image, and for a file that can never be
  /// read.
  ///
  /// Throws for transient system errors, as another rank may well have read the file.
  init?(fileAt path: FilePath) throws(SystemError) {
    do throws(SystemError) {
      let start = try ReadRetries().keepTrying { () throws(SystemError) in try Self.start(of: path) }
      self.init(start)
    } catch {
      if error.isTransient { throw error }
      return nil
    }
  }

  private static func start(of path: FilePath) throws(SystemError) -> [UInt8] {
    let file = try RegularFile(path)
    var bytes = [UInt8](repeating: 0, count: 64)
    // A typed error cannot pass through `withUnsafeMutableBytes`.
    let result = bytes.withUnsafeMutableBytes { buffer in
      Result { () throws(SystemError) in try file.read(into: buffer) }
    }
    return Array(bytes.prefix(try result.get()))
  }
}
