import Testing

@testable import Datasets

@Suite struct ImageSheetTests {
  @Test(arguments: [(5, 64, 2, 130, 196), (1, 64, 6, 64, 64), (2, 224, 2, 226, 112), (0, 32, 4, 1, 1)])
  func `views lie side by side`(count: Int, side: Int, columns: Int, width: Int, height: Int) {
    let sheet = ImageSheet(.noise(count: count, size: side, seed: 1), columns: columns)
    #expect((sheet.width, sheet.height) == (width, height))
  }

  @Test func `a view that is small enough is copied, and a large one averaged`() {
    let small = PixelBatch.noise(count: 2, size: 2, seed: 1)
    let sheet = ImageSheet(small, columns: 1)
    #expect(sheet.pixels.prefix(12).elementsEqual(small.pixels[..<12]))
    #expect(sheet.pixels.suffix(12).elementsEqual(small.pixels[12...]))
    #expect(sheet.pixels[12..<24].allSatisfy { $0 == 255 })
    let large = PixelBatch.noise(count: 1, size: 130, seed: 1)
    let corner = [0, 3, 390, 393].map { Int(large.pixels[$0]) }
    #expect(Int(ImageSheet(large, columns: 1).pixels[0]) == (corner.reduce(0, +) + 2) / 4)
  }

  @Test func `it is a PNG file`() throws {
    let png = try #require(ImageSheet(.noise(count: 3, size: 8, seed: 1), columns: 3).png)
    #expect(png.starts(with: [0x89, 0x50, 0x4e, 0x47]))
  }
}
