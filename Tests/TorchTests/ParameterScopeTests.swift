import Testing
import Torch

@Suite struct ParameterScopeTests {
  @Test func `names follow the path, and the order that of construction`() {
    let scope = ParameterScope()
    let blocks = scope["blocks"]
    _ = scope["head"].parameter("bias", [3], .constant(1))
    _ = blocks[0]["attn"].parameter("weight", [3, 2], .normal(0.1))
    _ = blocks[10]["attn"].parameter("weight", [3, 2], .normal(0.1), decays: false)
    _ = scope.parameter("scale", [2], .constant(0.5), decays: true)
    #expect(
      blocks.parameters.map(\.name) == [
        "head.bias", "blocks.0.attn.weight", "blocks.10.attn.weight", "scale",
      ])
    #expect(scope.parameters.map(\.decays) == [false, true, false, true])
    expect(scope.parameters[0].tensor, equals: [1, 1, 1])
  }

  @Test func `parameters are leaves that ask for a gradient`() {
    let scope = ParameterScope()
    let weight = scope.parameter("weight", [2], .constant(3))
    (weight * weight).sum().backward()
    expect(scope.parameters[0].tensor.gradient, equals: [6, 6])
  }

  private func start(_ name: String, seed: UInt64, after others: [String] = []) -> [Float] {
    let scope = ParameterScope(seed: seed)
    for other in others { _ = scope.parameter(other, [7], .normal(1)) }
    return scope.parameter(name, [64], .normal(0.02)).elements()
  }

  @Test func `a start depends on seed and name alone`() {
    let values = start("weight", seed: 5)
    #expect(start("weight", seed: 5, after: ["a", "b"]) == values)
    #expect(start("weight", seed: 6) != values)
    #expect(start("other", seed: 5) != values)
    #expect(values.allSatisfy { abs($0) < 0.2 })
  }
}
