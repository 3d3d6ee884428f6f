import Foundation
import Testing
import Torch

/// The layers' arithmetic against values worked out by hand or by the plainest loops.
@Suite struct NetworkTests {
  @Test func `a linear layer multiplies by the weight's transpose`() {
    let x = floats([1, 2, -1, 0], [2, 2])
    let weight = floats([1, 0, 0, 1, 2, 3], [3, 2])
    expect(linear(x, weight, floats([0.5, 0, -1])), equals: [1.5, 2, 7, -0.5, 0, -3])
  }

  @Test func `layer norm uses the variance without Bessel's correction`() {
    let y = layerNorm(floats([1, 2, 3, 4]), floats([1, 1, 1, 2]), floats([0, 0, 0, 1]), epsilon: 0)
    let d = Float(1.25).squareRoot()
    expect(y, equals: [-1.5 / d, -0.5 / d, 0.5 / d, 3 / d + 1])
  }

  @Test func `layer norm adds epsilon to the variance`() {
    let y = layerNorm(floats([0, 2]), floats([1, 1]), floats([0, 0]), epsilon: 3)
    expect(y, equals: [-0.5, 0.5])
  }

  /// One that loses its threads between two attempts goes on to the same bits.
  @Test func `layer norm's gradients have the same bits on any number of threads`() {
    let threads = Runtime.threads
    defer { Runtime.threads = threads }
    let (rows, channels) = (1031, 96)
    let gradients = [1, 2, 3, 4].map { (count: Int) -> [[UInt32]] in
      Runtime.threads = count
      let inputs = [
        floats(wave(rows * channels), [rows, channels]), floats(wave(channels, phase: 1)),
        floats(wave(channels)),
      ]
      for input in inputs { input.requireGradient(true) }
      let y = layerNorm(inputs[0], inputs[1], inputs[2], epsilon: 1e-6)
      let slope = floats(wave(rows * channels, phase: 2), [rows, channels])
      (y * slope).sum().backward()
      return inputs.map { $0.gradient.elements(as: Float.self).map(\.bitPattern) }
    }
    #expect(gradients.allSatisfy { $0 == gradients[0] && $0.allSatisfy { !$0.isEmpty } })
  }

  @Test func `gelu is the exact one`() {
    let x: [Float] = [-3, -1, -0.1, 0, 0.5, 2]
    let wanted = x.map { Float(0.5 * Double($0) * (1 + erf(Double($0) / 2.squareRoot()))) }
    expect(gelu(floats(x)), equals: wanted, within: 1e-6)
  }

  @Test func `attention weighs values by softmaxed, scaled products`() {
    let (heads, N, M, d) = (2, 3, 5, 4)
    let (q, k, v) = (wave(heads * N * d), wave(heads * M * d, phase: 0.3), wave(heads * M * d, phase: 0.7))
    var wanted: [Float] = []
    for h in 0..<heads {
      for n in 0..<N {
        let scores = (0..<M).map { m in
          (0..<d).reduce(Float(0)) { $0 + q[(h * N + n) * d + $1] * k[(h * M + m) * d + $1] } / 2
        }
        let weights = scores.map { exp($0) }
        let total = weights.reduce(0, +)
        wanted += (0..<d).map { i in
          (0..<M).reduce(Float(0)) { $0 + weights[$1] / total * v[(h * M + $1) * d + i] }
        }
      }
    }
    let found = attention(
      floats(q, [1, heads, N, d]), floats(k, [1, heads, M, d]), floats(v, [1, heads, M, d]))
    #expect(found.shape == [1, heads, N, d])
    expect(found, equals: wanted)
  }

  @Test(arguments: [(1, 0, 1), (2, 1, 1), (1, 1, 2), (2, 0, 2)])
  func `convolution slides a kernel`(stride: Int, padding: Int, groups: Int) {
    let (C, out, H, W, k) = (4, 6, 5, 6, 3)
    let x = wave(C * H * W)
    let weight = wave(out * C / groups * k * k, phase: 0.2)
    let bias = wave(out, phase: 0.9)
    let (h, w) = ((H + 2 * padding - k) / stride + 1, (W + 2 * padding - k) / stride + 1)
    var wanted: [Float] = []
    for o in 0..<out {
      for (y, x0) in (0..<h).flatMap({ y in (0..<w).map { (y, $0) } }) {
        var sum = bias[o]
        for c in 0..<(C / groups) {
          let channel = o / (out / groups) * (C / groups) + c
          for (i, j) in (0..<k).flatMap({ i in (0..<k).map { (i, $0) } }) {
            let (row, column) = (y * stride - padding + i, x0 * stride - padding + j)
            guard (0..<H).contains(row), (0..<W).contains(column) else { continue }
            sum += x[(channel * H + row) * W + column] * weight[((o * C / groups + c) * k + i) * k + j]
          }
        }
        wanted.append(sum)
      }
    }
    let found = convolution(
      floats(x, [1, C, H, W]), floats(weight, [out, C / groups, k, k]), floats(bias), stride: stride,
      padding: padding, groups: groups)
    #expect(found.shape == [1, out, h, w])
    expect(found, equals: wanted, within: 1e-5)
  }

  @Test(arguments: [0, 0.1, 0.5]) func `cross-entropy with label smoothing`(smoothing: Double) {
    let logits: [[Double]] = [[2, 0, -1], [0.5, 0.5, 3]]
    let labels = [0, 1]
    let losses = zip(logits, labels).map { row, label in
      let logTotal = log(row.reduce(0) { $0 + exp($1) })
      let negative = row.map { logTotal - $0 }
      return (1 - smoothing) * negative[label] + smoothing * negative.reduce(0, +) / 3
    }
    let x = floats(logits.joined().map { Float($0) }, [2, 3])
    let y = Tensor(labels.map(Int64.init), [2])
    #expect(abs(crossEntropy(x, y, smoothing: smoothing).item() - losses.reduce(0, +) / 2) < 1e-6)
    #expect(
      abs(crossEntropy(x, y, smoothing: smoothing, reduction: .sum).item() - losses.reduce(0, +)) < 1e-6)
  }
}
