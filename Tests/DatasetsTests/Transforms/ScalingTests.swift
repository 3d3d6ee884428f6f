import CImage
import Randomness
import TestSupport
import Testing

@testable import Datasets

@Suite struct ScalingTests {
  @Test func `random, bilevel and gradient images are scaled to Pillow's bytes`() throws {
    let lines = try Fixture.lines("scaling.txt").map { $0.split(separator: " ").map(String.init) }
    #expect(lines.count == 540)
    for line in lines {
      let sizes = line[1...4].compactMap { Int($0) }
      let filter = try #require(Interpolation(rawValue: line[5]))
      let plan = plan(sizes[0], sizes[1], scaledTo: sizes[2], sizes[3], filter)
      let scaled = scaled(source(line[0], sizes[0], sizes[1]), plan)
      #expect(Rule.hash(scaled) == UInt64(line[6], radix: 16), "\(line)")
    }
  }

  @Test(arguments: Interpolation.allCases)
  func `a window is the window of the whole`(filter: Interpolation) {
    var generator = KeyedGenerator(seed: 5, stream: .geometry, epoch: 0)
    for _ in 0..<100 {
      let (width, height) = (1 + generator.integer(below: 60), 1 + generator.integer(below: 60))
      let (w, h) = (1 + generator.integer(below: 60), 1 + generator.integer(below: 60))
      let image = source("random", width, height)
      var plan = plan(width, height, scaledTo: w, h, filter)
      let whole = scaled(image, plan)
      let (x, y) = (generator.integer(below: w), generator.integer(below: h))
      plan.window = PixelRegion(
        x: x, y: y, width: 1 + generator.integer(below: w - x), height: 1 + generator.integer(below: h - y))
      #expect(scaled(image, plan) == cut(whole, width: w, plan.window), "\(plan)")
    }
  }

  @Test(arguments: [(1, 1_000_000), (1_000_000, 1), (1, 178_956_970)])
  func `a thin image costs what its window needs`(width: Int, height: Int) {
    var generator = KeyedGenerator(seed: 0, stream: .geometry, epoch: 0)
    let plan = EvaluationTransform(size: 224).plan(width: width, height: height, generator: &generator)
    #expect(plan.source.isInside(width: width, height: height))
    #expect(plan.source.byteCount <= 15)
    #expect(ci_resize_memory(plan.across, plan.down, CI_BICUBIC) <= 64 << 10)
  }

  private func plan(
    _ width: Int, _ height: Int, scaledTo w: Int, _ h: Int, _ filter: Interpolation
  ) -> ImagePlan {
    ImagePlan(
      crop: PixelRegion(width: width, height: height), scaledWidth: w, scaledHeight: h,
      window: PixelRegion(width: w, height: h), isMirrored: false, interpolation: filter)
  }

  // The images of scripts/goldens/scaling.py.
  private func source(_ kind: String, _ width: Int, _ height: Int) -> [UInt8] {
    let bits = Rule.bits(kind, width * height * 3)
    return bits.indices.map { i in
      let (x, y, channel) = (i / 3 % width, i / 3 / width, i % 3)
      return switch kind {
      case "random": UInt8(bits[i] >> 56)
      case "bilevel": bits[i] >> 63 == 1 ? 255 : 0
      default: UInt8((x * 255 / width * (channel + 1) + y * 255 / height * (3 - channel)) / 4)
      }
    }
  }

  private func scaled(_ image: [UInt8], _ plan: ImagePlan) -> [UInt8] {
    let stored = cut(image, width: plan.crop.width, plan.source)
    let filter = plan.interpolation.filter
    var memory = [UInt8](repeating: 0, count: ci_resize_memory(plan.across, plan.down, filter))
    var pixels = [UInt8](repeating: 0, count: plan.window.byteCount)
    ci_resize(
      stored, 3 * plan.source.width, plan.across, plan.down, filter, plan.isMirrored ? 1 : 0, &memory,
      &pixels)
    return pixels
  }
}
