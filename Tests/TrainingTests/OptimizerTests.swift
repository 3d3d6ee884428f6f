import Collective
import Recipe
import Testing
import Torch

@testable import Training

@Suite struct OptimizerTests {
  /// Two weights by hand in double precision: `g += decay · w; m = μ · m + g; w -= rate · (g + μ · m)`.
  @Test func `sgd takes Nesterov's steps and decays matrices alone`() throws {
    let scope = ParameterScope()
    let matrix = scope.parameter("weight", [1, 2], .constant(0.5))
    let bias = scope.parameter("bias", [1], .constant(0.5))
    var values = Recipe.Optimizer()
    values.kind = .sgd
    let sgd = Optimizer(try FlatParameters(scope.parameters, over: SoloGroup(), on: .cpu), values)
    var expected = [(w: 0.5, m: 0.0, decay: 0.05), (w: 0.5, m: 0.0, decay: 0.0)]
    for step in 1...3 {
      let gradient = 0.1 * Double(step)
      for (tensor, count) in [(matrix, 2), (bias, 1)] {
        // Twice the gradient, halved by the scale.
        tensor.gradient.copy(
          from: Tensor([Float](repeating: Float(2 * gradient), count: count), tensor.shape))
      }
      sgd.update(learningRate: 0.1, gradientScale: 0.5)
      for i in expected.indices {
        let g = gradient + expected[i].decay * expected[i].w
        expected[i].m = step == 1 ? g : 0.9 * expected[i].m + g
        expected[i].w -= 0.1 * (g + 0.9 * expected[i].m)
      }
    }
    #expect(sgd.steps == 3)
    #expect(abs(Double(matrix.elements(as: Float.self)[1]) - expected[0].w) < 1e-6)
    #expect(abs(Double(bias.elements(as: Float.self)[0]) - expected[1].w) < 1e-6)
    #expect(Set(sgd.memoryShapes.map(\.name)) == ["momentum_buffer.weight", "momentum_buffer.bias"])
  }

  @Test func `a loss scale halves on overflow and doubles after two thousand good steps`() {
    var scale = LossScale()
    scale.update(gradientWasFinite: false)
    #expect(scale.factor == 32_768)
    for _ in 0..<1_999 { scale.update(gradientWasFinite: true) }
    #expect(scale.factor == 32_768)
    scale.update(gradientWasFinite: true)
    #expect(scale.factor == 65_536)
    var largest = LossScale(factor: 0x1p24)
    for _ in 0..<2_000 { largest.update(gradientWasFinite: true) }
    #expect(largest.factor == 0x1p24)
  }

  @Test func `a loss scale that is halved for ever comes to an end`() {
    var scale = LossScale()
    for _ in 0..<40 { scale.update(gradientWasFinite: false) }
    #expect(scale.factor == 0x1p-24 && scale.isSound && !scale.isExhausted)
    scale.update(gradientWasFinite: false)
    #expect(!scale.isSound && scale.isExhausted)
  }
}
