import Testing
import Torch

/// Misuse ends the process with the reason and the caller's place, in release builds too.
@Suite struct MisuseTests {
  @Test func `a shape that does not fit`() async throws {
    let result = try #require(
      await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
        _ = Tensor.zeros([2, 3]).reshaped([4, 2])
      })
    let text = String(decoding: result.standardErrorContent, as: UTF8.self)
    #expect(text.contains("shape '[4, 2]' is invalid for input of size 6"))
    #expect(text.contains("TorchTests/MisuseTests.swift:"))
    #expect(!text.contains("frame #"), "libtorch's own stack is noise")
  }

  @Test func `a parameter that is made twice`() async throws {
    let result = try #require(
      await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
        let scope = ParameterScope()
        for _ in 0..<2 { _ = scope["head"].parameter("bias", [1], .constant(0)) }
      })
    let text = String(decoding: result.standardErrorContent, as: UTF8.self)
    #expect(text.contains("parameter head.bias is made twice"))
  }

  @Test func `bytes of another number`() async throws {
    let result = try #require(
      await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
        _ = Tensor([1, 2, 3] as [Float], [2, 2])
      })
    let text = String(decoding: result.standardErrorContent, as: UTF8.self)
    #expect(text.contains("12 bytes for float32 of shape [2, 2]"))
  }

  @Test func `elements of another type`() async {
    await #expect(processExitsWith: .failure) { _ = Tensor.zeros([1]).elements(as: Double.self) }
  }

  @Test func `memory that is not in a row`() async {
    await #expect(processExitsWith: .failure) { _ = Tensor.zeros([2, 3]).transposed(0, 1).floats() }
  }

  @Test func `a gradient that was never computed`() async {
    await #expect(processExitsWith: .failure) { _ = Tensor.zeros([1]).gradient }
  }

  @Test func `lists of unequal length`() async {
    await #expect(processExitsWith: .failure) {
      update(
        .adamW, weights: [Tensor.zeros([1])], gradients: [], means: [], squares: [], step: number(1),
        learningRate: rate(1),
        betas: (0.9, 0.999), decay: 0, epsilon: 1e-8)
    }
  }

  @Test func `a gradient's news from what is no leaf`() async {
    await #expect(processExitsWith: .failure) { Tensor.zeros([1]).onGradient {} }
  }

  @Test func `a move into memory of another shape`() async {
    await #expect(processExitsWith: .failure) { Tensor.zeros([2]).move(into: Tensor.zeros([1])) }
    await #expect(processExitsWith: .failure) { Tensor.zeros([1]).move(into: Tensor.zeros([2])) }
  }
}
