import Testing
import Torch

/// Makes a float32 tensor from literals.
func floats(_ values: [Float], _ shape: [Int]? = nil) -> Tensor { Tensor(values, shape ?? [values.count]) }

/// An update's number as the fused kernels read it.
func number(_ step: Int) -> Tensor { Tensor([Float(step)], []) }

/// A learning rate as they read it on the CPU.
func rate(_ rate: Double) -> Tensor { Tensor([rate], []) }

/// Values that look irregular and are the same every time, between -1 and 1.
func wave(_ count: Int, phase: Float = 0) -> [Float] {
  (0..<count).map { i in
    let x = Float(i) * 0.731 + phase
    return 2 * (x - x.rounded(.down)) - 1
  }
}

/// Fails unless the tensor has these values up to an absolute error.
func expect(
  _ tensor: Tensor, equals wanted: [Float], within tolerance: Float = 1e-6,
  sourceLocation: SourceLocation = #_sourceLocation
) {
  let found = tensor.elements(as: Float.self)
  #expect(found.count == wanted.count, sourceLocation: sourceLocation)
  for (i, (a, b)) in zip(found, wanted).enumerated() where !(abs(a - b) <= tolerance) {
    Issue.record("element \(i) is \(a), not \(b)", sourceLocation: sourceLocation)
  }
}
