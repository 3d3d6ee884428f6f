import Randomness
import SystemPackage
import TestSupport
import Testing

@testable import Datasets

/// JPEGs that are decoded at a part of their size.
@Suite struct ReducedDecodeTests {
  private func decoded(_ image: EncodedImage, _ region: PixelRegion, by reduction: Int) throws -> [UInt8] {
    let memory = ByteBuffer()
    let rows = try image.decode(region, reducedBy: reduction, into: memory)
    defer { withExtendedLifetime(memory) {} }
    return (0..<region.height).flatMap { y in
      Array(UnsafeBufferPointer(start: rows.start + y * rows.stride, count: region.width * 3))
    }
  }

  /// `scripts/goldens/reduced.py` made them.
  @Test func `the pixels are those that Pillow's draft gives, and of a part that part's`() throws {
    let lines = try Fixture.lines("reduced.txt").map { $0.split(separator: " ").map(String.init) }
    #expect(lines.count == 24)
    var generator = KeyedGenerator(seed: 1, stream: .geometry, epoch: 0)
    for line in lines {
      let numbers = line[1...3].compactMap { Int($0) }
      let (reduction, width, height) = (numbers[0], numbers[1], numbers[2])
      try Fixture.bytes(line[0]).withUnsafeBufferPointer { bytes in
        let image = try EncodedImage(bytes, path: FilePath(line[0]))
        let whole = try decoded(image, PixelRegion(width: width, height: height), by: reduction)
        #expect(Rule.hash(whole) == UInt64(line[4], radix: 16), "\(line)")
        for _ in 0..<20 {
          let (w, h) = (1 + generator.integer(below: width), 1 + generator.integer(below: height))
          let part = PixelRegion(
            x: generator.integer(below: width - w + 1), y: generator.integer(below: height - h + 1), width: w,
            height: h)
          #expect(
            try decoded(image, part, by: reduction) == cut(whole, width: width, part), "\(line) \(part)")
        }
      }
    }
  }

  @Test
  func `an image is reduced as far as the crop stays larger than the view, and only where that is allowed`() {
    var plan = ImagePlan(
      crop: PixelRegion(x: 13, y: 7, width: 100, height: 90), scaledWidth: 20, scaledHeight: 20,
      window: PixelRegion(width: 20, height: 20), isMirrored: false)
    #expect(plan.reduction == 1)
    plan.mayReduce = true
    #expect(plan.reduction == 4)
    #expect(plan.reduced(by: 4).crop == PixelRegion(x: 3, y: 1, width: 26, height: 24))
    (plan.scaledWidth, plan.scaledHeight) = (51, 20)
    #expect(plan.reduction == 1)
    (plan.scaledWidth, plan.scaledHeight) = (12, 11)
    #expect(plan.reduction == 8)
  }

  /// A photograph's: within a few levels of what comes of all its pixels.
  @Test(arguments: [(24, true), (24, false), (120, true)])
  func `a view of a reduced image is nearly that of the whole`(size: Int, isReduced: Bool) throws {
    var transform = TrainTransform(size: size, scale: 0.9...1)
    let path = FilePath(Fixture.path("evaluation/landscape.jpg"))
    for index in 0..<10 {
      let generator = KeyedGenerator(seed: 0, stream: .geometry, epoch: 0, index: index)
      transform.decodesFast = false
      let exact = try ImageDecoder().pixels(of: path, transform, generator: generator)
      transform.decodesFast = isReduced
      let fast = try ImageDecoder().pixels(of: path, transform, generator: generator)
      let difference = zip(exact, fast).reduce(0) { $0 + abs(Int($1.0) - Int($1.1)) }
      // Of 110 rows none can be spared for 120.
      #expect((difference == 0) == (!isReduced || size == 120))
      #expect(Double(difference) / Double(exact.count) < 16)
    }
  }

  @Test func `what is no JPEG is decoded as ever`() throws {
    let path = FilePath(Fixture.path("resize/source.png"))
    var transform = TrainTransform(size: 4)
    let generator = KeyedGenerator(seed: 0, stream: .geometry, epoch: 0)
    let exact = try ImageDecoder().pixels(of: path, transform, generator: generator)
    transform.decodesFast = true
    #expect(try ImageDecoder().pixels(of: path, transform, generator: generator) == exact)
  }
}
