import CImage
import Randomness
import TestSupport
import Testing

@testable import Datasets

/// Every instruction set of this processor against the plain loops.
@Suite struct InstructionTests {
  static let faster = [CI_AVX2, CI_AVX512, CI_VNNI].filter {
    $0.rawValue <= ci_instructions_available().rawValue
  }

  @Test(arguments: faster)
  func `images of any size are scaled to the bytes of the plain loops`(set: ci_instructions) {
    var generator = KeyedGenerator(seed: 11, stream: .geometry, epoch: 0)
    for _ in 0..<300 {
      let plan = randomPlan(&generator)
      let image = bytes(plan.source.byteCount, &generator)
      let (plain, fast) = (scaled(image, plan, CI_PLAIN), scaled(image, plan, set))
      #expect(fast == plain, "\(plan)")
    }
  }

  @Test(arguments: faster)
  func `operations give the bytes of the plain loops at any size and strength`(set: ci_instructions) {
    var generator = KeyedGenerator(seed: 12, stream: .geometry, epoch: 0)
    for _ in 0..<100 {
      let (width, height) = (1 + generator.integer(below: 40), 1 + generator.integer(below: 40))
      let image = bytes(width * height * 3, &generator)
      for operation in operations(&generator) {
        let plain = changed(image, width, height, operation, CI_PLAIN)
        let fast = changed(image, width, height, operation, set)
        #expect(fast == plain, "\(operation) of \(width)x\(height)")
      }
    }
  }

  @Test func `a set beyond the processor's is refused`() {
    let best = ci_instructions_available()
    if best != CI_VNNI { #expect(ci_instructions_use(CI_VNNI) == 1) }
    #expect(ci_instructions_use(best) == 0)
  }

  // Whole levels and slopes by turns, so that results lie on the edges of truncation too.
  private func bytes(_ count: Int, _ generator: inout KeyedGenerator) -> [UInt8] {
    let isFlat = generator.uniform() < 0.3
    return (0..<count).map { _ in
      isFlat ? (generator.uniform() < 0.5 ? 0 : 255) : UInt8(generator.integer(below: 256))
    }
  }

  private func randomPlan(_ generator: inout KeyedGenerator) -> ImagePlan {
    func side(_ generator: inout KeyedGenerator) -> Int { 1 + generator.integer(below: 90) }
    let crop = PixelRegion(width: side(&generator), height: side(&generator))
    let (w, h) = (side(&generator), side(&generator))
    let (x, y) = (generator.integer(below: w), generator.integer(below: h))
    return ImagePlan(
      crop: crop, scaledWidth: w, scaledHeight: h,
      window: PixelRegion(
        x: x, y: y, width: 1 + generator.integer(below: w - x), height: 1 + generator.integer(below: h - y)),
      isMirrored: generator.uniform() < 0.5,
      interpolation: Interpolation.allCases[generator.integer(below: Interpolation.allCases.count)])
  }

  private func operations(_ generator: inout KeyedGenerator) -> [ImageOperation] {
    let level = generator.uniform(in: 0...10)
    let isNegated = generator.uniform() < 0.5
    return RandAugment.Kind.allCases.flatMap { kind in
      Interpolation.allCases.map {
        kind.operation(level: level, isNegated: isNegated, isIncreasing: true, $0)
      }
    }
  }

  private func scaled(_ image: [UInt8], _ plan: ImagePlan, _ set: ci_instructions) -> [UInt8] {
    let filter = plan.interpolation.filter
    var memory = [UInt8](repeating: 0, count: ci_resize_memory(plan.across, plan.down, filter))
    var pixels = [UInt8](repeating: 0, count: plan.window.byteCount)
    with(set) {
      ci_resize(
        image, 3 * plan.source.width, plan.across, plan.down, filter, plan.isMirrored ? 1 : 0, &memory,
        &pixels)
    }
    return pixels
  }

  private func changed(
    _ image: [UInt8], _ width: Int, _ height: Int, _ operation: ImageOperation, _ set: ci_instructions
  ) -> [UInt8] {
    var pixels = image
    pixels.withUnsafeMutableBufferPointer { pixels in
      let canvas = Canvas(pixels, width: width, height: height, spare: Canvas.Spare())
      with(set) { canvas.apply(operation) }
    }
    return pixels
  }

  // The choice is the thread's own, and no test leaves its thread.
  private func with(_ set: ci_instructions, _ work: () -> Void) {
    #expect(ci_instructions_use(set) == 0)
    work()
    #expect(ci_instructions_use(ci_instructions_available()) == 0)
  }
}
