import Testing
import Torch

@Suite struct GradientTests {
  private func leaf(_ values: [Float]) -> Tensor {
    let tensor = floats(values)
    tensor.requireGradient()
    return tensor
  }

  @Test func `a product's gradient is the other factor`() {
    let (a, b) = (leaf([2, 3]), leaf([5, -7]))
    (a * b).sum().backward()
    expect(a.gradient, equals: [5, -7])
    expect(b.gradient, equals: [2, 3])
  }

  @Test func `gradients accumulate in a given view`() {
    let flat = Tensor.zeros([5])
    let (a, b) = (leaf([2, 3]), leaf([5]))
    a.gradient = flat.narrowed(0, to: 1..<3)
    b.gradient = flat.narrowed(0, to: 4..<5)
    for _ in 0..<2 { (a.sum() * b).sum().backward() }
    expect(flat, equals: [0, 10, 10, 0, 10])
    flat.zero()
    (a * a).sum().backward()
    expect(flat, equals: [0, 4, 6, 0, 0])
  }

  @Test func `gradients flow back through casts to leaves of float32`() {
    let weight = leaf([1, 2])
    (weight.cast(to: .bfloat16) * weight.cast(to: .bfloat16)).sum().backward()
    #expect(weight.gradient.dtype == .float32)
    expect(weight.gradient, equals: [2, 4])
  }

  @Test func `updates do not become part of the history`() {
    let weight = leaf([1, 2])
    weight.scale(by: 2)
    weight.fill(3)
    (weight * weight).sum().backward()
    expect(weight.gradient, equals: [6, 6])
  }

  @Test func `a leaf tells once of each gradient, when it is whole`() {
    let (a, b, unused) = (leaf([2, 3]), leaf([5]), leaf([7]))
    var told: [[Float]] = []
    var others = 0
    a.onGradient { told.append(a.gradient.elements()) }
    b.onGradient { others += 1 }
    unused.onGradient { Issue.record("no gradient came") }
    // Two uses of a leaf are one gradient.
    for _ in 0..<2 { ((a * b) + a).sum().backward() }
    #expect(told == [[6, 6], [12, 12]])
    #expect(others == 2)
    a.onGradient {}
    a.sum().backward()
    #expect(told.count == 2)
  }

  @Test func `a leaf keeps whom it tells, until another takes the place or the leaf is gone`() {
    final class Listener {}
    weak var first: Listener?
    weak var second: Listener?
    do {
      let tensor = leaf([1])
      do {
        let (one, two) = (Listener(), Listener())
        (first, second) = (one, two)
        tensor.onGradient { _ = one }
        #expect(first != nil)
        tensor.onGradient { _ = two }
      }
      #expect(first == nil && second != nil)
      withExtendedLifetime(tensor) {}
    }
    #expect(second == nil)
  }

  @Test func `a leaf moves into other memory with its elements, and keeps its gradient and its place`() {
    let flat = Tensor.zeros([5])
    let weight = leaf([2, 3])
    weight.gradient = Tensor.zeros([2])
    weight.move(into: flat.narrowed(0, to: 1..<3))
    expect(flat, equals: [0, 2, 3, 0, 0])
    flat.scale(by: 2)
    (weight * weight).sum().backward()
    expect(weight, equals: [4, 6])
    expect(weight.gradient, equals: [8, 12])
  }

  private struct Stop: Error {}

  @Test func `without gradients nothing is recorded, and recording comes back also after an error`() {
    let weight = leaf([1, 2])
    let fixed = withoutGradients { (weight * weight).sum() }
    #expect(throws: Stop.self) { try withoutGradients { throw Stop() } }
    // Only the recorded term has a gradient.
    (fixed + weight.sum()).backward()
    expect(weight.gradient, equals: [1, 1])
  }

  @Test func `nested scopes without gradients end with the outermost`() {
    let weight = leaf([4])
    let products = withoutGradients {
      withoutGradients {}
      return weight * weight
    }
    (products + weight).sum().backward()
    expect(weight.gradient, equals: [1])
  }
}
