import Randomness
import SystemPackage
import TestSupport
import Testing

@testable import Datasets

/// One thread's decoders, which go from image to image, beside new ones for each.
@Suite struct KeptDecoderTests {
  /// Whole JPEGs of all kinds, damaged ones, and some without the tables that others have.
  private let files: [[UInt8]]

  init() throws {
    let whole = try Fixture.names(in: "decode", ending: ".jpg").map { try Fixture.bytes("decode/\($0)") }
    var generator = KeyedGenerator(seed: 3, stream: .geometry, epoch: 0)
    let damaged = whole.flatMap { file in
      (0..<30).map { _ in
        var file = file
        file[generator.integer(below: file.count)] = UInt8(generator.integer(below: 256))
        return file
      }
    }
    files = whole + damaged + whole.flatMap { [Self.without(0xC4, $0), Self.without(0xDB, $0)] }
  }

  /// A file without the segments of a marker.
  private static func without(_ marker: UInt8, _ file: [UInt8]) -> [UInt8] {
    var (kept, rest) = (Array(file.prefix(2)), file.dropFirst(2))
    while rest.count > 4, rest[rest.startIndex] == 0xFF, rest[rest.startIndex + 1] != 0xDA {
      let start = rest.startIndex
      let segment = rest.prefix(2 + Int(rest[start + 2]) << 8 + Int(rest[start + 3]))
      if segment[start + 1] != marker { kept += segment }
      rest = rest.dropFirst(segment.count)
    }
    return kept + rest
  }

  private func outcome(_ file: [UInt8], _ decoders: DecoderMemory) -> Result<[UInt8], DataError> {
    file.withUnsafeBufferPointer { bytes in
      Result { () throws(DataError) in
        let image = try EncodedImage(bytes, path: "x.jpg", decoders)
        return try pixels(of: image)
      }
    }
  }

  private func pixels(of image: EncodedImage) throws(DataError) -> [UInt8] {
    let (memory, region) = (ByteBuffer(), PixelRegion(width: image.width, height: image.height))
    let rows = try image.decode(region, into: memory)
    return withExtendedLifetime(memory) {
      (0..<region.height).flatMap {
        UnsafeBufferPointer(start: rows.start + $0 * rows.stride, count: 3 * region.width)
      }
    }
  }

  @Test func `whatever was decoded before, pixels and errors are those of a new decoder`() {
    let kept = DecoderMemory()
    var generator = KeyedGenerator(seed: 4, stream: .geometry, epoch: 0)
    for _ in 0..<3 {
      for number in generator.permutation(of: files.count) {
        #expect(outcome(files[number], kept) == outcome(files[number], DecoderMemory()), "file \(number)")
      }
    }
  }

  @Test func `images whose headers were read in turn are decoded in any order, and again`() throws {
    let names = ["baseline-420.jpg", "progressive-420.jpg", "cmyk.jpg"]
    let files = try names.map { try Fixture.bytes("decode/\($0)") }
    let expected = try files.map { try outcome($0, DecoderMemory()).get() }
    let kept = DecoderMemory()
    try files[0].withUnsafeBufferPointer { first in
      try files[1].withUnsafeBufferPointer { second in
        try files[2].withUnsafeBufferPointer { third in
          let images = try [first, second, third].map { try EncodedImage($0, path: "x.jpg", kept) }
          for number in [2, 0, 1, 1, 0, 2, 2] {
            #expect(try pixels(of: images[number]) == expected[number], "\(names[number])")
          }
        }
      }
    }
  }
}
