import Testing
import Torch

@Suite struct FlatUpdateTests {
  /// Weights, gradients and moments in a row.
  private struct Row {
    let weights: Tensor
    let gradients: Tensor
    let moments: [Tensor]

    init(_ count: Int, moments: Int) {
      weights = floats(wave(count))
      gradients = floats(wave(count, phase: 0.3))
      self.moments = (0..<moments).map { _ in Tensor.zeros([count]) }
    }

    /// Runs `body` on each of the parts into which `edges` cut the row.
    func update(at edges: [Int] = [], shape: [Int]? = nil, _ body: (FlatUpdate) -> Void) {
      for (start, end) in zip([0] + edges, edges + [weights.count]) {
        func part(_ tensor: Tensor) -> UnsafeMutableBufferPointer<Float> {
          UnsafeMutableBufferPointer(rebasing: tensor.floats()[start..<end])
        }
        body(
          FlatUpdate(
            weights: part(weights), gradients: part(gradients), moments: moments.map(part), shape: shape))
      }
    }

    var bits: [UInt32] { ([weights] + moments).flatMap { $0.elements(as: Float.self).map(\.bitPattern) } }
  }

  private static func adamW(_ floats: FlatUpdate, step: Int, decay: Double = 0.05, scale: Double = 0.25) {
    floats.adamW(
      scale: scale, step: step, learningRate: 1e-2, betas: (0.9, 0.999), decay: decay, epsilon: 1e-8)
  }

  private static func sgd(_ floats: FlatUpdate, step: Int, decay: Double = 0.05, scale: Double = 0.25) {
    floats.sgd(scale: scale, learningRate: 1e-2, momentum: 0.9, decay: decay, isFirst: step == 1)
  }

  /// Twenty steps of a row beside those of tensors, which `fused` moves; their gradients are scaled beforehand.
  private func compare(
    moments: Int, _ rule: (FlatUpdate, Int) -> Void, fused: (_ row: Row, _ gradients: Tensor, Int) -> Void
  ) {
    let (row, tensors) = (Row(1003, moments: moments), Row(1003, moments: moments))
    for step in 1...20 {
      row.gradients.copy(from: floats(wave(1003, phase: Float(step) * 0.37)))
      fused(tensors, row.gradients.scaled(by: 0.25), step)
      row.update { rule($0, step) }
    }
    expect(row.weights, equals: tensors.weights.elements(), within: 2e-6)
    for (found, wanted) in zip(row.moments, tensors.moments) {
      expect(found, equals: wanted.elements(), within: 1e-6)
    }
  }

  @Test(arguments: [0, 0.05]) func `adamw moves floats as libtorch's fused kernel moves tensors`(
    decay: Double
  ) {
    compare(moments: 2) {
      Self.adamW($0, step: $1, decay: decay)
    } fused: { row, gradients, step in
      update(
        .adamW, weights: [row.weights], gradients: [gradients], means: [row.moments[0]],
        squares: [row.moments[1]],
        step: number(step), learningRate: rate(1e-2), betas: (0.9, 0.999), decay: decay, epsilon: 1e-8)
    }
  }

  @Test(arguments: [0, 0.05]) func `lion, lamb and caution move floats as they move tensors`(decay: Double) {
    compare(moments: 1) { floats, _ in
      floats.lion(scale: 0.25, learningRate: 1e-3, betas: (0.9, 0.99), decay: decay)
    } fused: { row, gradients, _ in
      updateLion(
        weights: [row.weights], gradients: [gradients], means: [row.moments[0]], learningRate: rate(1e-3),
        betas: (0.9, 0.99), decay: decay)
    }
    for kin in [AdamKin.lamb, .cautious] {
      compare(moments: 2) { floats, step in
        (kin == .lamb ? floats.lamb : floats.cautiousAdamW)(0.25, step, 1e-2, (0.9, 0.999), decay, 1e-6)
      } fused: { row, gradients, step in
        update(
          kin, weights: [row.weights], gradients: [gradients], means: [row.moments[0]],
          squares: [row.moments[1]],
          step: number(step), learningRate: rate(1e-2), betas: (0.9, 0.999), decay: decay, epsilon: 1e-6)
      }
    }
  }

  @Test func `values and outputs are bounded in memory as in tensors`() {
    let (row, other) = (Row(12, moments: 0), Row(12, moments: 0))
    let (gradients, weights) = (other.gradients.scaled(by: 2), other.weights.reshaped([3, 4]))
    row.update { $0.clipValues(scale: 2, to: 0.7) }
    gradients.clip(to: 0.7)
    expect(row.gradients, equals: gradients.elements(), within: 0)
    #expect(row.gradients.elements(as: Float.self).contains { abs($0) == 0.7 })
    clipUnits(of: [gradients.reshaped([3, 4])], weights: [weights], to: 0.1)
    row.update(shape: [3, 4]) { $0.clipUnits(scale: 1, to: 0.1) }
    expect(row.gradients, equals: gradients.elements(), within: 1e-6)
  }

  @Test func `a barrier keeps weights and means of every rule`() {
    let row = Row(9, moments: 2)
    let before = row.bits
    let limits = UpdateLimits(barrier: Tensor([1] as [Float], [1]))
    for kin in [AdamKin.lamb, .cautious] {
      update(
        kin, weights: [row.weights], gradients: [row.gradients], means: [row.moments[0]],
        squares: [row.moments[1]], step: number(1), learningRate: rate(1e-2), betas: (0.9, 0.999),
        decay: 0.05,
        epsilon: 1e-6, limits: limits)
    }
    updateLion(
      weights: [row.weights], gradients: [row.gradients], means: [row.moments[0]], learningRate: rate(1e-2),
      betas: (0.9, 0.99), decay: 0.05, limits: limits)
    #expect(row.bits == before)
  }

  @Test(arguments: [0, 0.05]) func `sgd moves floats as libtorch's fused kernel moves tensors`(decay: Double)
  {
    compare(moments: 1) {
      Self.sgd($0, step: $1, decay: decay)
    } fused: { row, gradients, step in
      updateSGD(
        weights: [row.weights], gradients: [gradients], momenta: row.moments, learningRate: rate(1e-2),
        momentum: 0.9,
        decay: decay, isFirst: step == 1)
    }
  }

  @Test(arguments: [[1], [16, 17], [3, 64, 65, 500], Array(1..<67)])
  func `a row gives the same bits in one part and in many`(edges: [Int]) {
    var (whole, parts) = (Row(1003, moments: 2), Row(1003, moments: 2))
    for step in 1...3 {
      whole.update { Self.adamW($0, step: step) }
      parts.update(at: edges) { Self.adamW($0, step: step) }
    }
    #expect(whole.bits == parts.bits)
    (whole, parts) = (Row(1003, moments: 1), Row(1003, moments: 1))
    for step in 1...3 {
      whole.update { Self.sgd($0, step: step) }
      parts.update(at: edges) { Self.sgd($0, step: step) }
    }
    #expect(whole.bits == parts.bits)
  }

  @Test func `a gap of zeros stays zero`() {
    let gap = Row(5, moments: 2)
    gap.weights.zero()
    gap.gradients.zero()
    for step in 1...3 { gap.update { Self.adamW($0, step: step) } }
    #expect(gap.bits.allSatisfy { $0 == 0 })
  }

  @Test(arguments: [0, 1, 15, 16, 17, 1003]) func `squares add up in double precision`(count: Int) {
    let values = wave(count)
    let sum = values.withUnsafeBufferPointer(sumOfSquares)
    let exact = values.reduce(0) { $0 + Double($1) * Double($1) }
    #expect(abs(sum - exact) <= 1e-14 * exact)
    #expect([Float.nan, 1].withUnsafeBufferPointer(sumOfSquares).isNaN)
    #expect([Float.infinity, 1].withUnsafeBufferPointer(sumOfSquares) == .infinity)
  }
}
