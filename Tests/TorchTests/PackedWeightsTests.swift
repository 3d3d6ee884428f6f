import Testing
import Torch

/// The MLP half of a block over irregular tokens.
private struct Half {
  let weights: [Tensor]
  let tokens: Tensor

  init() {
    tokens = floats(wave(2 * 9 * 32), [2, 9, 32])
    weights = [[32], [32], [64, 32], [64], [32, 64], [32]].enumerated().map { index, shape in
      floats(wave(shape.reduce(1, *), phase: Float(index)), shape)
    }
  }

  func callAsFunction() -> [Float] {
    let half = BlockHalf(
      tokens, norm: Affine(weights[0], weights[1]), epsilon: 1e-6, factors: nil, .float32)
    return half.feedForward(
      expand: Affine(weights[2], weights[3]), contract: Affine(weights[4], weights[5])
    ).elements(as: Float.self)
  }
}

@Suite(.enabled(if: Kernels.fused.fuse(Tensor.zeros([1]), .float32), "this processor has kernels of ours"))
struct PackedWeightsTests {
  @Test func `an operation takes what lies ready while it is lent, and else packs for itself`() throws {
    let (half, packed) = (Half(), PackedWeights())
    let before = half()
    #expect(packed.byteCounts == [])
    #expect(packed.lent { half() } == before)
    let counts = packed.byteCounts
    #expect(counts.count == 2)

    let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: counts.reduce(0, +) + 64, alignment: 64)
    defer { memory.deallocate() }
    packed.place(0, at: memory)
    packed.place(1, at: UnsafeMutableRawBufferPointer(rebasing: memory[((counts[0] + 63) / 64 * 64)...]))
    for form in 0..<2 { packed.pack(form) }
    #expect(packed.lent { half() } == before)

    half.weights[2].scale(by: 2)
    let after = half()
    #expect(after != before)
    #expect(packed.lent { half() } == before)
    for form in 0..<2 { packed.pack(form) }
    #expect(packed.lent { half() } == after)
    #expect(packed.byteCounts == counts)
  }
}
