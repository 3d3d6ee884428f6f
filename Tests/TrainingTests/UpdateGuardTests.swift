import Testing
import Torch

@testable import Training

@Suite struct UpdateGuardTests {
  /// One weight, and what AdamW keeps for it.
  private struct Weight {
    let weight = Tensor([1] as [Float], [1])
    let mean = Tensor.zeros([1])
    let square = Tensor.zeros([1])
    var value: Float { weight.elements()[0] }

    /// A step of a loss and a gradient.
    func update(_ guardian: UpdateGuard, loss: Double, gradient: Float, step: Int = 1) -> (
      norm: Double, left: Float
    ) {
      let gradient = Tensor([gradient, 0] as [Float], [2])
      let numbers = Tensor([loss, .nan], [2])
      let limits = guardian.limits(of: gradient, numbers)
      Torch.update(
        .adamW, weights: [weight], gradients: [gradient.narrowed(0, to: 0..<1)], means: [mean],
        squares: [square],
        step: Tensor([Float(step)], []), learningRate: Tensor([0.1], []), betas: (0.9, 0.999), decay: 0,
        epsilon: 1e-8, limits: limits)
      return (numbers.elements()[1], gradient.elements()[0])
    }
  }

  @Test func `a gradient within the limit stays as it is, and a longer one is cut`() {
    let (guardian, weight) = (UpdateGuard(on: .cpu, clip: 2), Weight())
    #expect(weight.update(guardian, loss: 1, gradient: 1.5) == (1.5, 1.5))
    #expect(weight.value == 0.9)
    let (norm, left) = weight.update(guardian, loss: 1, gradient: -3, step: 2)
    #expect(norm == 3 && abs(left + 2) < 1e-5)
    #expect(weight.update(UpdateGuard(on: .cpu, clip: nil), loss: 1, gradient: 30, step: 3) == (30, 30))
  }

  @Test(arguments: [(Double.nan, Float(1)), (.infinity, 1), (1, .nan), (1, -.infinity)])
  func `from the first step on that is not finite no weight changes`(loss: Double, gradient: Float) {
    let (guardian, weight) = (UpdateGuard(on: .cpu, clip: 5), Weight())
    _ = weight.update(guardian, loss: 1, gradient: 1)
    let before = weight.value
    #expect(before != 1)
    _ = weight.update(guardian, loss: loss, gradient: gradient, step: 2)
    #expect(weight.value == before)
    // The step after it has been launched before the host hears of it.
    _ = weight.update(guardian, loss: 1, gradient: 1, step: 3)
    #expect(weight.value == before)
    #expect(weight.mean.elements() == [Float(0.1)])
  }
}
