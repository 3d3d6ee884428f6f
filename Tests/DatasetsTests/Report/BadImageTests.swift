import CImage
import Randomness
import System
import SystemPackage
import TestSupport
import Testing

@testable import Datasets

@Suite struct BadImageTests {
  @Test(arguments: ["decode/baseline-420.jpg", "decode/progressive-420.jpg", "decode/cmyk.jpg"])
  func `a truncated JPEG is an error wherever it was cut`(name: String) throws {
    let file = try Fixture.bytes(name)
    for count in stride(from: 3, to: file.count, by: 7) {
      let error = try #require(throws: DataError.self) { try decoded(Array(file[..<count]), path: "x.jpg") }
      guard case .damagedImage("x.jpg", _) = error else { return #expect(Bool(false), "\(error)") }
    }
  }

  @Test func `a crop above the place of the cut does not hide it`() throws {
    let file = try Fixture.bytes("decode/baseline-420.jpg").dropLast(200)
    let top = PixelRegion(width: 8, height: 8)
    #expect(throws: DataError.damagedImage(path: "x.jpg", reason: "Premature end of input file")) {
      try decoded(Array(file), top, path: "x.jpg")
    }
  }

  @Test(arguments: ["decode/rgb.png", "decode/interlaced.png", "decode/palette.png"])
  func `a truncated PNG is an error wherever it was cut`(name: String) throws {
    let file = try Fixture.bytes(name)
    for count in 8..<(file.count - 8) {
      let error = try #require(throws: DataError.self) { try decoded(Array(file[..<count]), path: "x.png") }
      guard case .damagedImage("x.png", _) = error else { return #expect(Bool(false), "\(error)") }
    }
  }

  @Test func `a JPEG whose entropy-coded data end early is an error`() throws {
    var file = try Fixture.bytes("decode/baseline-420.jpg")
    file.replaceSubrange((file.count - 302)..<(file.count - 2), with: [])
    #expect(throws: DataError.self) { try decoded(file) }
  }

  @Test func `a JPEG with bytes after its end is fine`() throws {
    let file = try Fixture.bytes("decode/baseline-420.jpg")
    #expect(try decoded(file + [0, 1, 2, 3]) == decoded(file))
  }

  @Test func `a PNG with a flipped bit is an error`() throws {
    var file = try Fixture.bytes("decode/rgb.png")
    file[file.count / 2] ^= 4
    #expect(throws: DataError.self) { try decoded(file) }
  }

  /// One damage of a PNG that has rgb.png's parts.
  enum PNGDamage: CaseIterable {
    case checksumOfPixels, checksumOfText, checksumOfPalette, sumOfStream, streamWithoutSum, halfAStream
  }

  // Pillow takes pixels whose chunk has another checksum, or whose stream has none: they may be right, and nobody knows.
  @Test(arguments: PNGDamage.allCases)
  func `a PNG with a wrong checksum is an error for every part of it`(damage: PNGDamage) throws {
    var png = try PNGParts(Fixture.bytes("decode/\(damage == .checksumOfPalette ? "palette" : "rgb").png"))
    _ = try decoded(png.bytes, path: "x.png")
    let stream = png.stream
    switch damage {
    case .checksumOfPixels: png.change(of: "IDAT", sum: 1)
    case .checksumOfPalette: png.change(of: "PLTE", sum: 1)
    case .checksumOfText: png.insert("tEXt", Array("a\0b".utf8), sum: 1)
    case .sumOfStream: png.replaceStream(stream.dropLast() + [stream[stream.count - 1] ^ 16])
    case .streamWithoutSum: png.replaceStream(stream.dropLast(4))
    case .halfAStream: png.replaceStream(stream.prefix(stream.count / 2))
    }
    for region in [PixelRegion(width: 8, height: 2), nil] {
      let error = try #require(throws: DataError.self) { try decoded(png.bytes, region, path: "x.png") }
      guard case .damagedImage("x.png", _) = error else { return #expect(Bool(false), "\(error)") }
    }
  }

  @Test func `a PNG with other chunks and whole checksums is fine`() throws {
    let file = try Fixture.bytes("decode/rgb.png")
    var png = PNGParts(file)
    png.insert("tEXt", Array("a\0b".utf8), sum: 0)
    png.replaceStream(png.stream)
    #expect(try decoded(png.bytes) == decoded(file))
  }

  @Test(arguments: [
    "baseline-420.jpg", "progressive-420.jpg", "rgba.png", "interlaced-16-bit.png", "palette-16.bmp",
    "upside-down.bmp", "runs-8.bmp", "runs-4.bmp", "to-1000.ppm", "text.ppm", "text.pbm", "lossy-alpha.webp",
    "lossless.webp", "inside.webp", "interlaced.gif", "inside.gif", "lzw-predicted.tif", "ycbcr-jpeg.tif",
    "tiles-planes.tif", "ycbcr-4-2-0.tif", "ycbcr-lzw.tif", "grey-signed-32-bit.tif",
    "short-palette-runs.bmp",
    "orientation-6.tif", "group4.tif",
  ])
  func `random damage gives pixels or an error, never a crash`(name: String) throws {
    let file = try Fixture.bytes("decode/\(name)")
    var generator = KeyedGenerator(seed: 2, stream: .geometry, epoch: 0)
    var failures = 0
    for _ in 0..<300 {
      var damaged = file
      for _ in 0..<(1 + generator.integer(below: 8)) {
        damaged[8 + generator.integer(below: file.count - 8)] = UInt8(generator.integer(below: 256))
      }
      do {
        _ = try decoded(damaged)
      } catch let error as DataError {
        failures += 1
        if case .damagedImage(_, let reason) = error { #expect(!reason.isEmpty && !reason.hasPrefix(":")) }
      }
    }
    #expect(failures > 0)
  }

  @Test func `a text file named .jpg is not an image`() {
    #expect(throws: DataError.notAnImage(path: "notes.jpg")) {
      try decoded(Array("Remember the milk".utf8), path: "notes.jpg")
    }
  }

  @Test func `an empty file is damaged`() {
    #expect(throws: DataError.damagedImage(path: "x.jpg", reason: "the file is empty")) {
      try decoded([], path: "x.jpg")
    }
  }

  @Test(arguments: [
    ("HEIC", "\0\0\0\u{18}ftypheic\0\0\0\0mif1heic"), ("HEIC", "\0\0\0\u{18}ftypmif1\0\0\0\0mif1heic"),
    ("AVIF", "\0\0\0\u{1c}ftypavif\0\0\0\0avifmif1miaf"), ("AVIF", "\0\0\0\u{18}ftypmif1\0\0\0\0mif1avif"),
    ("JPEG 2000", "\0\0\0\u{c}jP  \r\n"), ("JPEG XL", "\0\0\0\u{c}JXL \r\n"),
  ])
  func `other formats are refused by name`(format: String, start: String) {
    #expect(throws: DataError.unsupportedFormat(format, path: "x.jpg")) {
      try decoded(Array(start.utf8), path: "x.jpg")
    }
  }

  @Test func `a stream of JPEG 2000 or JPEG XL is refused by name, and a video is none`() {
    for (format, start) in [("JPEG 2000", [0xFF, 0x4F, 0xFF, 0x51]), ("JPEG XL", [0xFF, 0x0A])]
      as [(String, [UInt8])]
    {
      #expect(throws: DataError.unsupportedFormat(format, path: "x.jpg")) {
        try decoded(start, path: "x.jpg")
      }
    }
    #expect(throws: DataError.notAnImage(path: "x.jpg")) {
      try decoded(Array("\0\0\0\u{18}ftypisom\0\0\0\0isommp42".utf8), path: "x.jpg")
    }
  }

  @Test func `what lies in the place of a file that was never fetched is named`() {
    let pointer = Array("version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n".utf8)
    #expect(throws: DataError.standIn(.lfsPointer, path: "x.jpg")) { try decoded(pointer, path: "x.jpg") }
    #expect(throws: DataError.standIn(.webPage, path: "x.jpg")) {
      try decoded(Array("<!DOCTYPE HTML PUBLIC".utf8), path: "x.jpg")
    }
  }

  @Test func `a sound file is not a WebP image`() {
    #expect(throws: DataError.notAnImage(path: "x.webp")) {
      try decoded(Array("RIFF\u{4}\0\0\0WAVEfmt ".utf8), path: "x.webp")
    }
  }

  @Test func `a progressive JPEG that must be held whole is refused by its header`() throws {
    var file = try Fixture.bytes("decode/progressive-420.jpg")
    let frame = try #require(file.indices.first { file[$0...].starts(with: [0xFF, 0xC2]) })
    // 13,000 x 13,000 fits the limit of pixels: 507 MB, and 507 MB of coefficients.
    file.replaceSubrange((frame + 5)..<(frame + 9), with: [0x32, 0xC8, 0x32, 0xC8])
    let error = try #require(throws: DataError.self) { try decoded(file, path: "x.jpg") }
    guard case .imageTooCostly("x.jpg", let bytes) = error else { return #expect(Bool(false), "\(error)") }
    #expect(bytes > EncodedImage.maximumBytes)
  }

  @Test func `a JPEG of more scans than any camera writes is refused by its header`() throws {
    let file = try Fixture.bytes("decode/progressive-420.jpg")
    let scans = [[UInt8]](repeating: [0xFF, 0xDA], count: 101).flatMap { $0 }
    #expect(throws: DataError.damagedImage(path: "x.jpg", reason: "it has more than 100 scans")) {
      try decoded(file.dropLast(2) + scans + [0xFF, 0xD9], path: "x.jpg")
    }
  }

  @Test(
    arguments: [
      // Where each has its width and height.
      ("inside.gif", 6, [0xFF, 0xFF, 0xFF, 0xFF], 65_535, 65_535),
      ("inside.webp", 24, [0x1F, 0x4E, 0, 0x1F, 0x4E, 0], 20_000, 20_000),
      ("runs-8.bmp", 18, [0x20, 0x4E, 0, 0, 0x20, 0x4E, 0, 0], 20_000, 20_000),
      ("565.bmp", 18, [0, 0, 0, 0x10, 0, 0, 0, 0x10], 1 << 28, 1 << 28),
    ] as [(String, Int, [UInt8], Int, Int)])
  func `a few bytes that claim gigabytes are refused by their header`(
    name: String, place: Int, claim: [UInt8], width: Int, height: Int
  ) throws {
    var file = try Fixture.bytes("decode/\(name)")
    file.replaceSubrange(place..<(place + claim.count), with: claim)
    #expect(throws: DataError.imageTooLarge(path: "x", width: width, height: height)) {
      try decoded(file, path: "x")
    }
  }

  // Width and height are the first entries of its directory.
  @Test func `a TIFF that claims gigabytes is refused by its header`() throws {
    var file = try Fixture.bytes("decode/grey-16-bit.tif")
    let directory = Int(file[4]) | Int(file[5]) << 8
    for place in [directory + 10, directory + 22] {
      file.replaceSubrange(place..<(place + 2), with: [0xFF, 0xFF])
    }
    #expect(throws: DataError.imageTooLarge(path: "x", width: 65_535, height: 65_535)) {
      try decoded(file, path: "x")
    }
  }

  @Test(arguments: [
    // In four planes that are 2^64 bytes, of which 64 bits keep nothing.
    tiledTIFF(side: 16, tile: (1 << 31, 1 << 31), planes: 4),
    // Just below 2^63 bytes, and beyond them with the pixels.
    tiledTIFF(side: 13_000, tile: (0xFFFC_D678, 0x8001_94C9), planes: 1),
    tiledTIFF(side: 16, tile: (1 << 16, 1 << 16), planes: 1),
  ])
  func `tiles that claim more than memory has are refused, by the decoder too`(file: [UInt8]) throws {
    let error = try #require(throws: DataError.self) { try decoded(file, path: "x.tif") }
    guard case .imageTooCostly("x.tif", let bytes) = error else { return #expect(Bool(false), "\(error)") }
    #expect(bytes > EncodedImage.maximumBytes)
    var pixel: [UInt8] = [0, 0, 0]
    let status = ci_tiff_decode(file, file.count, ci_region(x: 0, y: 0, width: 1, height: 1), &pixel)
    #expect(status != 0)
    #expect(String(cString: ci_last_error()) == "its strips or tiles are too large")
  }

  @Test(arguments: [1, 4])
  func `a TIFF that is made by hand is read where its tiles are small`(planes: Int) throws {
    let file = tiledTIFF(side: 16, tile: (16, 16), planes: planes)
    #expect(try decoded(file) == [UInt8](repeating: planes == 1 ? 1 : 253, count: 16 * 16 * 3))
  }

  // Its height is the second entry of its directory; three strips of five rows are listed.
  @Test(arguments: ["grey-16-bit.tif", "white-is-zero.tif"])
  func `a TIFF that lists fewer strips than its height needs is refused by its header`(name: String) throws {
    var file = try Fixture.bytes("decode/\(name)")
    let directory = Int(file[4]) | Int(file[5]) << 8
    file[directory + 22] = 16
    let error = DataError.damagedImage(path: "x.tif", reason: "it needs 4 strips or tiles, and has 3")
    #expect(throws: error) { try decoded(file, path: "x.tif") }
  }

  @Test func `a kind of image that is not read may be whole, and is not called damaged`() throws {
    // Of a camera's filter.
    var tiff = tiledTIFF(side: 16, tile: (16, 16), planes: 1)
    tiff.replaceSubrange(66..<68, with: [0x23, 0x80])
    var bitmap = try Fixture.bytes("decode/565.bmp")
    // 12 bits a pixel.
    bitmap[28] = 12
    var jpeg = try Fixture.bytes("decode/baseline-420.jpg")
    let frame = try #require(jpeg.indices.first { jpeg[$0...].starts(with: [0xFF, 0xC0]) })
    // Differential.
    jpeg[frame + 1] = 0xC5
    for (file, word) in [(tiff, "photometric 32803"), (bitmap, "BMP"), (jpeg, "SOF")] {
      let error = try #require(throws: DataError.self) { try decoded(file, path: "x") }
      guard case .unreadKind("x", let reason) = error else { return #expect(Bool(false), "\(error)") }
      #expect(reason.contains(word))
      #expect(error.damagedFile == "x" && error.description.contains("convert x x.png"))
    }
  }

  @Test func `a small JPEG that claims gigabytes is refused before anything is allocated`() throws {
    var file = try Fixture.bytes("decode/baseline-420.jpg")
    let frame = try #require(file.indices.first { file[$0...].starts(with: [0xFF, 0xC0]) })
    file.replaceSubrange((frame + 5)..<(frame + 9), with: [0xFF, 0x00, 0xFF, 0x00])
    #expect(throws: DataError.imageTooLarge(path: "x.jpg", width: 65280, height: 65280)) {
      try decoded(file, path: "x.jpg")
    }
  }
}
