import Testing
import Torch

/// Layers for a card equal the operations that they stand for, in values and gradients: here on the CPU.
@Suite struct CardLayersTests {
  /// What is made of leaves of these shapes, and the gradients of those.
  private func results(_ shapes: [[Int]], _ body: ([Tensor]) -> Tensor) -> [[Float]] {
    let leaves = shapes.enumerated().map { number, shape in
      let leaf = floats(wave(shape.reduce(1, *), phase: 0.3 * Float(number)), shape)
      leaf.requireGradient()
      return leaf
    }
    let y = body(leaves).cast(to: .float32).contiguous()
    (y * floats(wave(y.count, phase: 0.7), y.shape)).sum().backward()
    return [y.elements(as: Float.self)] + leaves.map { $0.gradient.elements(as: Float.self) }
  }

  private func expectEqual(
    _ shapes: [[Int]], _ type: DType, _ own: ([Tensor]) -> Tensor, _ plain: ([Tensor]) -> Tensor
  ) {
    // Of bfloat16, what is rounded once more.
    let bound: Float = type == .float32 ? 1e-5 : 0.1
    for (own, plain) in zip(results(shapes, own), results(shapes, plain)) {
      #expect(own.count == plain.count && !own.isEmpty)
      for (a, b) in zip(own, plain) { #expect(abs(a - b) <= bound * max(1, abs(b))) }
    }
  }

  private static let types = [DType.float32, .bfloat16]

  @Test(arguments: types) func `a layer takes any strides and type`(type: DType) {
    expectEqual([[2, 3, 5, 4], [6, 4], [6]], type) {
      cardLinear($0[0].transposed(1, 2), $0[1].cast(to: type), $0[2].cast(to: type))
    } _: {
      linear($0[0].transposed(1, 2).cast(to: type), $0[1].cast(to: type), $0[2].cast(to: type))
    }
  }

  @Test(arguments: types) func `an input that others take too has one gradient`(type: DType) {
    expectEqual([[5, 4], [6, 4], [6]], type) {
      let (y, x) = cardLinearAndInput($0[0], $0[1].cast(to: type), $0[2].cast(to: type))
      return y.sum() + (x * x).sum()
    } _: {
      let x = $0[0].cast(to: type)
      return linear(x, $0[1].cast(to: type), $0[2].cast(to: type)).sum() + (x * x).sum()
    }
  }

  @Test(arguments: types, [true, false]) func `a residual scales what it adds`(type: DType, isDropped: Bool) {
    let factors = isDropped ? floats([0, 1.25]) : nil
    expectEqual([[2, 3, 4], [2, 4, 3]], type) {
      cardResidual($0[0], $0[1].transposed(1, 2).cast(to: type), factors: factors)
    } _: {
      let branch = $0[1].transposed(1, 2).cast(to: type)
      return $0[0] + (factors.map { branch * $0.reshaped([-1, 1, 1]) } ?? branch)
    }
  }

  @Test(arguments: types, [true, false]) func `an MLP is its layers`(type: DType, isDropped: Bool) {
    let factors = isDropped ? floats([0, 1.25]) : nil
    func layers(_ leaves: [Tensor]) -> (Affine, Affine) {
      let cast = leaves.map { $0.cast(to: type) }
      return (Affine(cast[2], cast[3]), Affine(cast[4], cast[5]))
    }
    expectEqual([[2, 3, 4], [2, 3, 4], [8, 4], [8], [4, 8], [4]], type) {
      let (expand, contract) = layers($0)
      return cardFeedForward($0[0], $0[1], expand: expand, contract: contract, factors: factors)
    } _: {
      let (expand, contract) = layers($0)
      let hidden = gelu(linear($0[1].cast(to: type), expand.weight, expand.bias))
      let branch = linear(hidden, contract.weight, contract.bias)
      return $0[0] + (factors.map { branch * $0.reshaped([-1, 1, 1]) } ?? branch)
    }
  }
}
