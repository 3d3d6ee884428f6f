import Randomness
import SystemPackage
import Testing

@testable import Datasets

@Suite struct DecodeTests {
  static let jpegs = [
    "baseline-444.jpg", "baseline-422.jpg", "baseline-420.jpg", "progressive-420.jpg", "grey.jpg", "cmyk.jpg",
    "ycck.jpg", "rotated.jpg",
  ]

  static let pngs = [
    "rgb.png", "rgba.png", "grey.png", "grey-alpha.png", "bilevel.png", "grey-transparent.png", "palette.png",
    "palette-16.png", "palette-transparent.png", "grey-4-bit.png", "grey-16-bit.png", "grey-alpha-16-bit.png",
    "rgb-16-bit.png", "rgba-16-bit.png", "interlaced.png", "interlaced-16-bit.png", "png-by-content.jpg",
  ]

  static let raw = [
    "32-bit.bmp", "555.bmp", "565.bmp", "bilevel.bmp", "bilevel.pbm", "comment.ppm", "grey.bmp", "grey.pgm",
    "palette-16.bmp", "palette.bmp", "red-first.bmp", "rgb.bmp", "rgb.ppm", "runs-4.bmp", "runs-8.bmp",
    "short-palette-16.bmp", "short-palette-runs.bmp", "short-palette.bmp",
    "text-to-100.ppm", "text-to-1000.pgm", "text.pbm", "text.pgm", "text.ppm", "to-100.ppm", "to-1000.pgm",
    "to-1000.ppm", "upside-down.bmp",
  ]

  static let webps = [
    "inside.webp", "lossless-alpha.webp", "lossless.webp", "lossy-alpha.webp", "lossy.webp", "moving.webp",
  ]

  static let gifs = [
    "beyond.gif", "bilevel.gif", "grey.gif", "inside-transparent.gif", "inside.gif", "interlaced.gif",
    "moving.gif", "palette.gif", "transparent.gif",
  ]

  static let tiffs = [
    "bilevel.tif", "cmyk-16-bit.tif", "cmyk.tif", "extra.tif", "grey-16-bit-big-endian.tif",
    "grey-16-bit.tif", "grey-4-bit.tif", "grey-alpha.tif", "grey-jpeg.tif", "grey.tif", "group4.tif",
    "lzw-predicted.tif", "lzw.tif", "orientation-2.tif", "orientation-3.tif", "orientation-4.tif",
    "orientation-5.tif", "orientation-6.tif", "orientation-7.tif", "orientation-8.tif", "packbits.tif",
    "palette.tif", "planes-deflate.tif", "planes.tif", "premultiplied.tif", "rgb-16-bit.tif", "rgb.tif",
    "rgba-16-bit.tif", "rgba.tif", "tiles-planes.tif", "tiles.tif", "white-is-zero.tif", "ycbcr-jpeg.tif",
    "zstd.tif",
    "grey-32-bit.tif", "grey-float-big-endian.tif", "grey-float.tif", "grey-signed-16-bit.tif",
    "grey-signed-32-bit-big-endian.tif", "grey-signed-32-bit.tif", "grey-signed.tif",
    "grey-whole-numbers.tif",
    "ycbcr-4-2-0.tif", "ycbcr-4-2-2.tif", "ycbcr-deflate.tif", "ycbcr-lzma.tif", "ycbcr-lzw.tif",
    "ycbcr-orientation-6.tif", "ycbcr-packbits.tif", "ycbcr-planes.tif", "ycbcr-tiles.tif", "ycbcr-zstd.tif",
  ]

  @Test func `every fixture is in one of the lists`() throws {
    let names = try Fixture.names(in: "decode", ending: ".rgb")
    let listed = Self.jpegs + Self.pngs + Self.raw + Self.webps + Self.gifs + Self.tiffs
    #expect(names == listed.map { "\($0).rgb" }.sorted())
  }

  @Test(arguments: pngs) func `PNG equals Pillow to the bit`(name: String) throws {
    let pixels = try decoded(Fixture.bytes("decode/\(name)"))
    #expect(try pixels == Fixture.bytes("decode/\(name).rgb"))
  }

  @Test(arguments: raw) func `BMP and PNM equal Pillow to the bit, and a cut one is an error`(name: String)
    throws
  {
    let file = try Fixture.bytes("decode/\(name)")
    let whole = try Fixture.bytes("decode/\(name).rgb")
    #expect(try decoded(file) == whole)
    let region = PixelRegion(x: 5, y: 2, width: 7, height: 9)
    #expect(try decoded(file, region) == cut(whole, width: size(of: file).width, region))
    // What fills a row up to four bytes may be missing, and the rest of a last number looks like one.
    for count in 2..<(file.count - 4) {
      #expect(throws: DataError.self) { _ = try decoded(Array(file[..<count])).count }
    }
  }

  @Test(arguments: webps + gifs) func `WebP and GIF equal Pillow to the bit, and a cut one is an error`(
    name: String
  ) throws {
    let file = try Fixture.bytes("decode/\(name)")
    #expect(try decoded(file) == Fixture.bytes("decode/\(name).rgb"))
    // Of a GIF that moves, only the first image is looked at, and what ends its data is not missed.
    for count in 8..<(name == "moving.gif" ? file.count / 2 : file.count - 6) {
      #expect(throws: DataError.self) { _ = try decoded(Array(file[..<count])).count }
    }
  }

  @Test(arguments: tiffs) func `TIFF equals Pillow to the bit, and a cut one is an error`(name: String) throws
  {
    let file = try Fixture.bytes("decode/\(name)")
    #expect(try decoded(file) == Fixture.bytes("decode/\(name).rgb"))
    for count in stride(from: 4, to: file.count - 200, by: 5) {
      #expect(throws: DataError.self) { _ = try decoded(Array(file[..<count])).count }
    }
  }

  // Pillow's wheels bundle a newer libjpeg-turbo than Debian has; its arithmetic has not changed.
  @Test(arguments: jpegs) func `JPEG equals Pillow to the bit`(name: String) throws {
    let pixels = try decoded(Fixture.bytes("decode/\(name)"))
    #expect(try pixels == Fixture.bytes("decode/\(name).rgb"))
  }

  @Test(
    arguments: (jpegs + webps + gifs + tiffs + ["rgb.png"]).map { "decode/\($0)" } + [
      "evaluation/landscape.jpg"
    ])
  func `a decoded crop is the crop of the decoded image`(name: String) throws {
    let file = try Fixture.bytes(name)
    let size = try size(of: file)
    let whole = try decoded(file)
    var generator = KeyedGenerator(seed: 1, stream: .geometry, epoch: 0)
    // A JPEG's is decoded in blocks, and anything else is cut out.
    for _ in 0..<(name.hasSuffix("jpg") ? 300 : 30) {
      let region = randomRegion(in: size, &generator)
      let crop = try decoded(file, region)
      #expect(crop == cut(whole, width: size.width, region), "\(region)")
    }
  }

  @Test func `every one-pixel crop is that pixel`() throws {
    let file = try Fixture.bytes("decode/baseline-420.jpg")
    let size = try size(of: file)
    let whole = try decoded(file)
    for y in 0..<size.height {
      for x in stride(from: y % 3, to: size.width, by: 3) {
        let region = PixelRegion(x: x, y: y, width: 1, height: 1)
        #expect(try decoded(file, region) == cut(whole, width: size.width, region), "\(region)")
      }
    }
  }

  private func size(of file: [UInt8]) throws -> PixelRegion {
    try file.withUnsafeBufferPointer { bytes in
      let image = try EncodedImage(bytes, path: "test")
      return PixelRegion(width: image.width, height: image.height)
    }
  }

  private func randomRegion(in size: PixelRegion, _ generator: inout KeyedGenerator) -> PixelRegion {
    let width = 1 + generator.integer(below: size.width)
    let height = 1 + generator.integer(below: size.height)
    return PixelRegion(
      x: generator.integer(below: size.width - width + 1),
      y: generator.integer(below: size.height - height + 1),
      width: width, height: height)
  }
}
