import Model
import TestSupport
import Testing
import Torch

/// Logits and gradients against timm 1.0.31, on weights and inputs made by rule on both sides.
@Suite(.serialized) struct GoldenTests {
  private static let networks = [
    (golden: "alt_gvt_nano", name: "alt_gvt_nano", classes: 10, side: 64),
    (golden: "twins_svt_small", name: "alt_gvt_small", classes: 1000, side: 224),
    (golden: "twins_svt_base", name: "alt_gvt_base", classes: 1000, side: 224),
    (golden: "twins_pcpvt_small", name: "pcpvt_small_v0", classes: 1000, side: 224),
    (golden: "deit_tiny_patch16_224", name: "deit_tiny_patch16_224", classes: 1000, side: 224),
    (
      golden: "deit_tiny_distilled_patch16_224", name: "deit_tiny_distilled_patch16_224", classes: 1000,
      side: 224
    ),
  ]

  @Test(arguments: networks, Kernels.allCases)
  func `logits, loss and every gradient equal timm's`(
    _ network: (golden: String, name: String, classes: Int, side: Int), _ kernels: Kernels
  ) throws {
    let (name, classes, side) = (network.name, network.classes, network.side)
    let golden = try Golden(network.golden, in: .module)
    let network = try makeRuleNetwork(name, classes: classes)
    let logits = network(ruleInput(count: 2, side: side), .evaluation(kernels: kernels))
    #expect(relativeError(logits.elements(), try golden.floats("logits")) <= 1e-4)

    let labels = Tensor([Int64(3 % classes), Int64(977 % classes)], [2])
    let loss = crossEntropy(logits, labels)
    #expect(relativeError([Float(loss.item())], try golden.floats("loss")) <= 1e-4)

    loss.backward()
    for parameter in network.parameters { try compare(parameter, golden) }
  }

  private static let sides = [
    ("twins_svt_small", "alt_gvt_small", [160, 192, 256, 288, 384]),
    ("twins_pcpvt_small", "pcpvt_small_v0", [192, 256, 288, 384]),
  ]

  @Test(arguments: sides, Kernels.allCases)
  func `images of other sizes are answered as timm does, with maps padded that windows do not divide`(
    _ network: (golden: String, name: String, sides: [Int]), kernels: Kernels
  ) throws {
    let golden = try Golden(network.golden, in: .module)
    let weights = try makeRuleNetwork(network.name, classes: 1000)
    for side in network.sides {
      let logits = withoutGradients {
        weights(ruleInput(count: 1, side: side), .evaluation(kernels: kernels))
      }
      #expect(relativeError(logits.elements(), try golden.floats("logits_\(side)")) <= 1e-4, "\(side)")
    }
  }

  @Test(arguments: [192, 288]) func `positions are resampled as timm does`(side: Int) throws {
    let name = "deit_tiny_distilled_patch16_224"
    let (made, other) = (
      try makeRuleNetwork(name, classes: 1000), try makeNetwork(name, classes: 1000, side: side)
    )
    let logits = withoutGradients {
      for (from, to) in zip(made.parameters, other.parameters) {
        to.tensor.copy(from: other.resampled(from.tensor, for: to.name) ?? from.tensor)
      }
      return other(ruleInput(count: 1, side: side), .evaluation())
    }
    let golden = try Golden(name, in: .module)
    #expect(relativeError(logits.elements(), try golden.floats("logits_\(side)")) <= 1e-4)
  }

  @Test(arguments: Kernels.allCases)
  func `backward adds to the gradients that are there, and tells of each once`(kernels: Kernels) throws {
    let network = try makeRuleNetwork("alt_gvt_nano", classes: 10)
    let told = Told()
    for parameter in network.parameters {
      parameter.tensor.gradient = Tensor.zeros(parameter.tensor.shape)
      parameter.tensor.onGradient { told.names.append(parameter.name) }
    }
    let images = ruleInput(count: 2, side: 64)
    func backward() -> [[Float]] {
      crossEntropy(network(images, .evaluation(kernels: kernels)), Tensor([3, 7] as [Int64], [2])).backward()
      return network.parameters.map { $0.tensor.gradient.elements() }
    }
    let once = backward()
    #expect(told.names.sorted() == network.parameters.map(\.name).sorted())
    for (one, two) in zip(once, backward()) {
      #expect(relativeError(two, one.map { 2 * $0 }) <= 1e-5 || one.allSatisfy { abs($0) < 1e-6 })
    }
  }

  private final class Told {
    var names: [String] = []
  }

  /// The norm to 1e-3 of itself; sixteen elements to 1e-3 of the tensor's scale, since some are zero but for rounding.
  private func compare(_ parameter: Parameter, _ golden: Golden) throws {
    let gradient: [Float] = parameter.tensor.gradient.elements()
    let norm = Float(gradient.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot())
    let wanted = try golden.float("gradient_norm." + parameter.name)
    #expect(abs(norm - wanted) <= 1e-3 * wanted, "\(parameter.name)")

    let samples = (0..<16).map { gradient[$0 * gradient.count / 16] }
    let scale = wanted / Float(gradient.count).squareRoot()
    for (found, wanted) in zip(samples, try golden.floats("gradient." + parameter.name)) {
      #expect(abs(found - wanted) <= 1e-3 * max(abs(wanted), scale), "\(parameter.name)")
    }
  }
}

func makeRuleNetwork(_ name: String, classes: Int) throws -> any Network {
  let network = try makeNetwork(name, classes: classes)
  for parameter in network.parameters {
    let weights = Rule.weights(parameter.name, parameter.tensor.shape)
    weights.withUnsafeBytes { parameter.tensor.fill(from: $0) }
  }
  return network
}

func ruleInput(count: Int, side: Int) -> Tensor {
  Tensor(Rule.uniform("input", count * 3 * side * side), [count, 3, side, side])
}
