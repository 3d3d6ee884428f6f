import Foundation
import Testing
import Torch

@Suite struct AdamWKernelTests {
  /// One weight's update as Loshchilov and Hutter write it, in double precision.
  private struct Scalar {
    var weight: Double
    var mean = 0.0
    var square = 0.0

    mutating func update(_ gradient: Double, step: Int, rate: Double, decay: Double) {
      weight *= 1 - rate * decay
      mean = 0.9 * mean + 0.1 * gradient
      square = 0.999 * square + 0.001 * gradient * gradient
      let unbiased = (mean / (1 - pow(0.9, Double(step))), square / (1 - pow(0.999, Double(step))))
      weight -= rate * unbiased.0 / (unbiased.1.squareRoot() + 1e-8)
    }
  }

  @Test(arguments: [0, 0.05]) func `several steps equal the formula's`(decay: Double) {
    let start: [[Float]] = [[0.5, -1, 2], [1e-3]]
    let weights = start.map { floats($0) }
    let gradients = start.map { Tensor.zeros([$0.count]) }
    let (means, squares) = (
      gradients.map { Tensor.zeros($0.shape) }, gradients.map { Tensor.zeros($0.shape) }
    )
    var scalars = start.map { $0.map { Scalar(weight: Double($0)) } }
    for step in 1...20 {
      let speed = 1e-2 / Double(step)
      for (t, gradient) in gradients.enumerated() {
        let values = wave(start[t].count, phase: Float(step) * 0.37 + Float(t))
        values.withUnsafeBytes { gradient.fill(from: $0) }
        for i in values.indices {
          scalars[t][i].update(Double(values[i]), step: step, rate: speed, decay: decay)
        }
      }
      update(
        .adamW, weights: weights, gradients: gradients, means: means, squares: squares, step: number(step),
        learningRate: rate(speed), betas: (0.9, 0.999), decay: decay, epsilon: 1e-8)
    }
    for (t, weight) in weights.enumerated() {
      expect(weight, equals: scalars[t].map { Float($0.weight) }, within: 1e-6)
      expect(means[t], equals: scalars[t].map { Float($0.mean) }, within: 1e-6)
      expect(squares[t], equals: scalars[t].map { Float($0.square) }, within: 1e-7)
    }
  }

  @Test func `a list of no tensors is no update`() {
    update(
      .adamW, weights: [], gradients: [], means: [], squares: [], step: number(1), learningRate: rate(1),
      betas: (0.9, 0.999),
      decay: 0, epsilon: 1e-8)
  }
}
