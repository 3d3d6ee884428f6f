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
    "rgb.bmp", "grey.bmp", "palette.bmp", "palette-16.bmp", "bilevel.bmp", "upside-down.bmp", "32-bit.bmp",
    "rgb.ppm", "grey.pgm", "bilevel.pbm", "comment.ppm", "to-100.ppm", "to-1000.ppm", "to-1000.pgm",
  ]

  @Test func `every fixture is in one of the lists`() throws {
    let names = try Fixture.names(in: "decode", ending: ".rgb")
    #expect(names == (Self.jpegs + Self.pngs + Self.raw).map { "\($0).rgb" }.sorted())
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
    // What fills a row up to four bytes may be missing.
    for count in 2..<(file.count - 3) {
      #expect(throws: DataError.self) { _ = try decoded(Array(file[..<count])).count }
    }
  }

  // Pillow's wheels bundle a newer libjpeg-turbo than Debian has; its arithmetic has not changed.
  @Test(arguments: jpegs) func `JPEG equals Pillow to the bit`(name: String) throws {
    let pixels = try decoded(Fixture.bytes("decode/\(name)"))
    #expect(try pixels == Fixture.bytes("decode/\(name).rgb"))
  }

  @Test(arguments: jpegs.map { "decode/\($0)" } + ["evaluation/landscape.jpg", "decode/rgb.png"])
  func `a decoded crop is the crop of the decoded image`(name: String) throws {
    let file = try Fixture.bytes(name)
    let size = try size(of: file)
    let whole = try decoded(file)
    var generator = KeyedGenerator(seed: 1, stream: .geometry, epoch: 0)
    for _ in 0..<300 {
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
