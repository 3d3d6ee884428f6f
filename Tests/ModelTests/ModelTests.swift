import Foundation
import Testing
import Torch

@testable import Model

@Suite struct ModelTests {
  @Test func `initial weights have the reference's spread`() throws {
    let network = try makeTwins("alt_gvt_nano", classes: 10)
    func deviation(_ name: String) throws -> Double {
      let values: [Float] = try #require(network.parameters.first { $0.name == name }).tensor.elements()
      return (values.reduce(0) { $0 + Double($1) * Double($1) } / Double(values.count)).squareRoot()
    }
    #expect(abs(try deviation("blocks.2.0.attn.qkv.weight") / 0.02 - 1) < 0.02)
    #expect(abs(try deviation("patch_embeds.1.proj.weight") / (2 / 256.0).squareRoot() - 1) < 0.05)
    #expect(abs(try deviation("pos_block.3.proj.0.weight") / (2 / 9.0).squareRoot() - 1) < 0.1)
    #expect(try deviation("head.bias") == 0)
    #expect(try deviation("norm.weight") == 1)
  }

  // Too small a difference for the goldens: their activations have variances near 1.
  @Test func `norms behind convolutions have timm's other epsilon`() throws {
    let network = try makeTwins("alt_gvt_small", classes: 1000)
    let blocks = network.stages.flatMap(\.blocks)
    let embeddings = network.stages.map(\.embedding.norm.epsilon)
    let summaries = blocks.compactMap { block in
      if case .global(let attention) = block.attention {
        attention.spatialReduction?.norm.epsilon
      } else {
        nil
      }
    }
    #expect(embeddings + summaries == [Double](repeating: 1e-5, count: 11))
    let norms = blocks.flatMap { [$0.branch.norm, $0.feedForward.branch.norm] } + [network.norm]
    #expect(norms.map(\.epsilon) == [Double](repeating: 1e-6, count: 37))
  }

  /// One that loses its threads between two attempts goes on to the same bits.
  @Test(arguments: [DType.float32, .bfloat16])
  func `gradients have the same bits on any number of threads`(type: DType) throws {
    let threads = Runtime.threads
    defer { Runtime.threads = threads }
    let side = 64
    let images = (0..<5 * 3 * side * side).map { Float($0 % 251) / 125 - 1 }
    let makers: [() throws -> any Network] = [
      { try makeTwins("alt_gvt_nano", classes: 300) },
      { VisionTransformer(.init(channels: 96, heads: 3, isDistilled: true), side: side, classes: 300) },
    ]
    for make in makers {
      let gradients = try [1, 2, 3].map { (count: Int) -> [[UInt32]] in
        Runtime.threads = count
        let network = try make()
        for parameter in network.parameters { parameter.tensor.requireGradient(true) }
        let logits = network(Tensor(images, [5, 3, side, side]), .evaluation(computeType: type))
        (logits * logits).sum().backward()
        return network.parameters.map { $0.tensor.gradient.elements(as: Float.self).map(\.bitPattern) }
      }
      #expect(gradients.allSatisfy { $0 == gradients[0] && $0.allSatisfy { !$0.isEmpty } })
    }
  }

  @Test func `a seed gives the same weights again, another seed others`() throws {
    func head(_ seed: UInt64) throws -> [Float] {
      try #require(makeTwins("alt_gvt_nano", classes: 10, seed: seed).parameters.dropLast().last).tensor
        .elements()
    }
    #expect(try head(1) == head(1))
    #expect(try head(1) != head(2))
  }

  @Test func `drop path depends on the image, not on its place in a batch`() throws {
    let rates = [0, 0, 0, 0.3]
    let all = try #require(DropPath(rates: rates, seed: 1, epoch: 2, images: Array(0..<64)))
    let some = try #require(DropPath(rates: rates, seed: 1, epoch: 2, images: [40, 7]))
    let factors: [Float] = all.factors.selected(0, 3).elements()
    #expect(some.factors.selected(0, 3).elements() == [factors[40], factors[7]])
    #expect(some.factors.selected(0, 2).elements() == [1, 1] as [Float])
    #expect(Set(factors) == [0, Float(1 / 0.7)])
  }

  @Test func `drop path drops at its rate, anew in each epoch and branch`() throws {
    func factors(epoch: Int, branch: Int) throws -> [Float] {
      let path = DropPath(rates: [0.25, 0.25], seed: 0, epoch: epoch, images: Array(0..<20_000))
      return try #require(path).factors.selected(0, branch).elements()
    }
    let first = try factors(epoch: 0, branch: 0)
    let dropped = Double(first.count { $0 == 0 }) / 20_000
    #expect(abs(dropped - 0.25) < 0.012)  // four standard deviations
    #expect(try first != factors(epoch: 1, branch: 0))
    #expect(try first != factors(epoch: 0, branch: 1))
  }

  /// One whose maps its windows do not divide, and one without windows; an output of another shape would trap.
  @Test(arguments: [("alt_gvt_nano", 72), ("pcpvt_small_v0", 32)])
  func `every output that is dropped has a mask of its shape, and a pass leaves them as they are`(
    name: String, side: Int
  ) throws {
    let network = try makeTwins(name, classes: 10)
    let shapes = network.dropoutShapes(images: 2, side: side)
    #expect(shapes.count == 4 + 3 * network.stages.reduce(0) { $0 + $1.blocks.count })
    let images = Tensor.zeros([2, 3, side, side])
    images.fillNormal(deviation: 1, seed: 5)
    func logits(_ draw: Int) throws -> [Float] {
      let dropout = try #require(Dropout(rate: 0.3, shapes: shapes, seed: 1, epoch: 0, draw: draw))
      let twice = (0..<2).map { _ in network(images, .training(dropout: dropout)).elements(as: Float.self) }
      #expect(twice[0] == twice[1])
      return twice[0]
    }
    #expect(try logits(0) == logits(0))
    #expect(try logits(0) != logits(1))
  }

  @Test func `reduced precision stays close to float32`() throws {
    let network = try makeTwins("alt_gvt_nano", classes: 10)
    let images = Tensor.zeros([4, 3, 64, 64])
    images.fillNormal(deviation: 1, seed: 5)
    let exact: [Float] = withoutGradients { network(images, .evaluation()) }.elements()
    let reduced: [Float] = withoutGradients { network(images, .evaluation(computeType: .bfloat16)) }
      .elements()
    let scale = exact.map(abs).max() ?? 0
    #expect(zip(exact, reduced).allSatisfy { abs($0 - $1) < 0.05 * scale })
    #expect(exact != reduced)
  }
}
