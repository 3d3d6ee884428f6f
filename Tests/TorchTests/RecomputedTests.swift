import Testing

@testable import Torch

/// A function that is computed again for its gradient.
@Suite struct RecomputedTests {
  /// How often a part was computed.
  private final class Count { var value = 0 }

  private func leaf(_ values: [Float], learns: Bool = true) -> Tensor {
    let tensor = Tensor(values, [values.count])
    tensor.requireGradient(learns)
    return tensor
  }

  @Test func `its gradients are those of the function, of input and weights`() {
    let (x, w, count) = (leaf([1, 2]), leaf([3, 4]), Count())
    let y = recomputed(x, learning: [w]) { x, isRead in
      #expect(isRead == (count.value == 0), "nobody looks at the values that are computed for the gradients")
      count.value += 1
      return x * w * x
    }
    #expect(y.elements(as: Float.self) == [3, 16] && count.value == 1)
    y.mean(over: 0).backward()
    #expect(count.value == 2)
    #expect(x.gradient.elements(as: Float.self) == [3, 8])
    #expect(w.gradient.elements(as: Float.self) == [0.5, 2])
  }

  @Test func `a leaf inside tells once of its gradient`() {
    let (x, w, calls) = (leaf([1, 2], learns: false), leaf([3, 4]), Count())
    w.onGradient { calls.value += 1 }
    recomputed(x, learning: [w]) { x, _ in x * w }.mean(over: 0).backward()
    #expect(calls.value == 1)
    #expect(w.gradient.elements(as: Float.self) == [0.5, 1])
  }

  @Test func `parts lie inside of parts, and after one another`() {
    let (x, w) = (leaf([2]), leaf([3]))
    let part = { (x: Tensor) in recomputed(x, learning: [w]) { x, _ in x * w } }
    recomputed(part(x), learning: [w]) { x, _ in part(x) * w }.mean(over: 0).backward()
    // y = x w³
    #expect(x.gradient.elements(as: Float.self) == [27])
    #expect(w.gradient.elements(as: Float.self) == [54])
  }

  @Test func `nothing is computed again where nothing learns`() {
    let (x, w, count) = (leaf([1], learns: false), leaf([3], learns: false), Count())
    let z = leaf([5])
    let y = recomputed(x, learning: [w]) { x, _ in
      count.value += 1
      return x * w
    }
    (y * z).mean(over: 0).backward()
    #expect(count.value == 1 && z.gradient.elements(as: Float.self) == [3])
    withoutGradients {
      #expect(recomputed(z, learning: []) { x, _ in x * z }.elements(as: Float.self) == [25])
    }
  }

  @Test func `lets go of the function with its result`() {
    weak var held: Count?
    do {
      let count = Count()
      held = count
      let (x, w) = (leaf([1]), leaf([3]))
      recomputed(x, learning: [w]) { x, _ in
        count.value += 1
        return x * w
      }.mean(over: 0).backward()
      #expect(count.value == 2)
    }
    #expect(held == nil)
  }
}
