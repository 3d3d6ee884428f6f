import Randomness
import SystemPackage
import Testing

@testable import Datasets

@Suite struct TransformTests {
  @Test func `scaling is Pillow's bicubic to the bit`() throws {
    let names = try Fixture.names(in: "resize", ending: ".rgb")
    #expect(names.count == 10)
    let scaled = try names.map(scaledSource)
    let expected = try names.map { try Fixture.bytes("resize/\($0)") }
    #expect(scaled == expected)
  }

  @Test func `bilinear scaling is Pillow's to the bit`() throws {
    let names = try Fixture.names(in: "augment/bilinear", ending: ".rgb")
    #expect(names.count == 4)
    let scaled = try names.flatMap { try scaledSource(name: $0, .bilinear) }
    #expect(try scaled == names.flatMap { try Fixture.bytes("augment/bilinear/\($0)") })
  }

  @Test func `a random filter is either, as often`() {
    let transform = TrainTransform(size: 8, interpolation: .random)
    let filters = (0..<10_000).map { index in
      var generator = KeyedGenerator(seed: 0, stream: .geometry, epoch: 0, index: index)
      return transform.plan(width: 20, height: 20, generator: &generator).interpolation
    }
    let bilinear = filters.count { $0 == .bilinear }
    #expect(ChiSquare([bilinear, filters.count - bilinear]).isPlausible)
  }

  @Test func `operations follow scaling and mirroring`() throws {
    let whole = PixelRegion(width: 64, height: 64)
    var plan = ImagePlan(
      crop: PixelRegion(x: 3, y: 4, width: 80, height: 60), scaledWidth: 64, scaledHeight: 64, window: whole,
      isMirrored: true)
    var expected = try drawn("resize/source.png", plan)
    let operations: [ImageOperation] = [.equalize, .rotate(degrees: 17, .bicubic)]
    plan.operations = operations
    expected.withUnsafeMutableBufferPointer { pixels in
      let canvas = Canvas(pixels, width: 64, height: 64, spare: Canvas.Spare())
      for operation in operations { canvas.apply(operation) }
    }
    #expect(try drawn("resize/source.png", plan) == expected)
  }

  // The file's name says what to scale to what.
  private func scaledSource(name: String) throws -> [UInt8] {
    try scaledSource(name: name, .bicubic)
  }

  private func scaledSource(name: String, _ interpolation: Interpolation) throws -> [UInt8] {
    let numbers = name.dropLast(4).split(separator: ",").compactMap { Int($0) }
    let crop = PixelRegion(x: numbers[0], y: numbers[1], width: numbers[2], height: numbers[3])
    let plan = ImagePlan(
      crop: crop, scaledWidth: numbers[4], scaledHeight: numbers[5],
      window: PixelRegion(width: numbers[4], height: numbers[5]), isMirrored: false,
      interpolation: interpolation)
    return try drawn("resize/source.png", plan)
  }

  @Test(arguments: ["landscape", "portrait", "small", "exact", "banner"])
  func `the evaluation transform is torchvision's to the bit`(name: String) throws {
    let sample = try ImageDecoder().pixels(
      of: FilePath(Fixture.path("evaluation/\(name).jpg")), EvaluationTransform(size: 56),
      generator: anyGenerator)
    #expect(try sample == Fixture.bytes("evaluation/\(name).jpg.rgb"))
  }

  @Test(arguments: ["landscape", "banner"]) func `a squashed image is seen whole, as timm has it`(
    name: String
  ) throws {
    var transform = EvaluationTransform(size: 56)
    transform.keepsProportions = false
    let sample = try ImageDecoder().pixels(
      of: FilePath(Fixture.path("evaluation/\(name).jpg")), transform, generator: anyGenerator)
    #expect(try sample == Fixture.bytes("evaluation/\(name).jpg.squash.rgb"))
  }

  // Offsets of half a pixel go to the even neighbour: 117 / 2 to 58, 35 / 2 to 18 and not 17.
  @Test(arguments: [(500, 375, 341, 58), (224, 259, 256, 16), (259, 256, 259, 18), (100, 100, 256, 16)])
  func `the evaluation plan is the reference's`(width: Int, height: Int, scaledWidth: Int, x: Int) {
    var generator = anyGenerator
    let plan = EvaluationTransform(size: 224).plan(width: width, height: height, generator: &generator)
    #expect(plan.scaledWidth == scaledWidth)
    #expect(plan.window.x == x)
    #expect(generator == anyGenerator)
  }

  @Test func `crops and flips are timm's, drawn from the keyed generator`() throws {
    let lines: [[Int]] = try Fixture.numbers("crops.txt")
    #expect(lines.count == 320)
    for line in lines {
      var generator = KeyedGenerator(seed: 7, stream: .geometry, epoch: 3, index: line[2])
      let plan = TrainTransform(size: 64).plan(width: line[0], height: line[1], generator: &generator)
      #expect(plan.crop == PixelRegion(x: line[3], y: line[4], width: line[5], height: line[6]), "\(line)")
      #expect(plan.isMirrored == (line[7] == 1), "\(line)")
    }
  }

  @Test(arguments: [(1, 1), (1, 2), (2, 1), (3, 3), (1, 500)])
  func `an image of very few pixels still has a crop`(width: Int, height: Int) {
    for index in 0..<200 {
      var generator = KeyedGenerator(seed: 0, stream: .geometry, epoch: 0, index: index)
      let crop = TrainTransform(size: 8).plan(width: width, height: height, generator: &generator).crop
      #expect(crop.isInside(width: width, height: height), "\(crop)")
    }
  }

  @Test func `mirroring swaps left and right and nothing else`() throws {
    let whole = PixelRegion(width: 31, height: 17)
    var plan = ImagePlan(
      crop: whole, scaledWidth: 31, scaledHeight: 17, window: whole, isMirrored: false)
    let straight = try drawn("resize/source.png", plan)
    plan.isFlipped = true
    let flipped = try drawn("resize/source.png", plan)
    let rows = (0..<17).reversed().flatMap {
      cut(straight, width: 31, PixelRegion(x: 0, y: $0, width: 31, height: 1))
    }
    #expect(flipped == rows && flipped != straight)
    plan.isFlipped = false
    plan.isMirrored = true
    let mirrored = try drawn("resize/source.png", plan)
    var columns: [UInt8] = []
    for y in 0..<17 {
      for x in (0..<31).reversed() {
        columns += cut(straight, width: 31, PixelRegion(x: x, y: y, width: 1, height: 1))
      }
    }
    #expect(mirrored == columns)
    #expect(mirrored != straight)
  }

  @Test func `a reader's samples do not depend on what it read before`() throws {
    let used = ImageDecoder()
    let transform = TrainTransform(size: 40)
    let paths = ["decode/grey.jpg", "resize/source.png", "evaluation/landscape.jpg", "decode/rgb.png"]
    for (index, name) in (paths + paths.reversed()).enumerated() {
      let generator = KeyedGenerator(seed: 0, stream: .geometry, epoch: 0, index: index)
      let path = FilePath(Fixture.path(name))
      let fresh = try ImageDecoder().pixels(of: path, transform, generator: generator)
      #expect(try used.pixels(of: path, transform, generator: generator) == fresh)
    }
  }

  private var anyGenerator: KeyedGenerator { KeyedGenerator(seed: 0, stream: .geometry, epoch: 0) }

  private func drawn(_ name: String, _ plan: ImagePlan) throws -> [UInt8] {
    try Fixture.bytes(name).withUnsafeBufferPointer { bytes in
      let image = try EncodedImage(bytes, path: FilePath(name))
      var pixels = [UInt8](repeating: 0, count: plan.window.byteCount)
      try pixels.withUnsafeMutableBufferPointer { try ImageDecoder().draw(image, plan, into: $0) }
      return pixels
    }
  }
}
