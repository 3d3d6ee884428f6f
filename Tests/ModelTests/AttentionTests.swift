import TestSupport
import Testing
import Torch

@testable import Model

/// Where networks look, against timm 1.0.31 on weights and images made by rule on both sides.
@Suite(.serialized) struct AttentionTests {
  @Test func `each block's attention equals timm's, and rows sum to one`() throws {
    let golden = try Golden("attention", in: .module)
    let network = try makeRuleNetwork("alt_gvt_nano", classes: 10)
    let layers = withoutGradients { network.layers(ruleInput(count: 1, side: 64), .float32) }
    #expect(layers.count == 8)
    for (number, layer) in layers.enumerated() {
      let found: [Float] = layer.probabilities.elements()
      #expect(relativeError(found, try golden.floats("alt_gvt_nano.64.\(number).probabilities")) <= 1e-4)
      let keys = layer.keys.shape[layer.keys.rank - 2]
      for row in stride(from: 0, to: found.count, by: keys) {
        #expect(abs(found[row..<row + keys].reduce(0, +) - 1) < 1e-5)
      }
    }
  }

  private static let cases = [
    (golden: "alt_gvt_nano", name: "alt_gvt_nano", classes: 10, side: 64),
    // Its windows do not divide its maps.
    (golden: "alt_gvt_nano", name: "alt_gvt_nano", classes: 10, side: 96),
    (golden: "twins_pcpvt_small", name: "pcpvt_small_v0", classes: 1000, side: 96),
    (golden: "deit_tiny_patch16_224", name: "deit_tiny_patch16_224", classes: 1000, side: 224),
    (
      golden: "deit_tiny_distilled_patch16_224", name: "deit_tiny_distilled_patch16_224", classes: 1000,
      side: 224
    ),
  ]

  @Test(arguments: cases) func `maps are the mean over heads and queries, without padding, and rollout`(
    _ of: (golden: String, name: String, classes: Int, side: Int)
  ) throws {
    let golden = try Golden("attention", in: .module)
    let network = try makeRuleNetwork(of.name, classes: of.classes)
    let maps = withoutGradients {
      network.attentionMaps(of: ruleInput(count: 1, side: of.side), computeType: .float32)
    }
    for (number, map) in maps.stages.joined().enumerated() {
      let wanted = try golden.floats("\(of.golden).\(of.side).\(number).shares")
      #expect(map.shares.count == map.height * map.width && map.width * map.pixels == of.side)
      #expect(relativeError(map.shares, wanted) <= 1e-4, "block \(number)")
    }
    let rollout = "\(of.golden).\(of.side).rollout"
    #expect((maps.rollout != nil) == golden.names.contains(rollout))
    if let map = maps.rollout { #expect(relativeError(map.shares, try golden.floats(rollout)) <= 1e-4) }
  }

  @Test(arguments: ["alt_gvt_nano", "deit_tiny_patch16_224"], [DType.float32, .bfloat16])
  func `looking changes no bit of the answer`(name: String, type: DType) throws {
    let network = try makeRuleNetwork(name, classes: 10)
    let images = ruleInput(count: 1, side: name == "alt_gvt_nano" ? 96 : 224)
    let record = AttentionRecord()
    let (plain, looking) = withoutGradients {
      (
        network(images, .evaluation(computeType: type, kernels: .reference)),
        network(images, .looking(record, computeType: type))
      )
    }
    #expect(plain.elements(as: Float.self) == looking.elements(as: Float.self))
    for layer in record.layers {
      let rows = layer.probabilities.elements(as: Float.self)
      let count = rows.count / layer.keys.shape[layer.keys.rank - 2]
      #expect(abs(rows.reduce(0) { $0 + Double($1) } / Double(count) - 1) < 1e-2)
    }
  }

  @Test func `a map that a summary's side does not divide is summarised as far as it goes`() throws {
    let network = try makeTwins("alt_gvt_nano", classes: 10)
    let maps = withoutGradients {
      network.attentionMaps(of: ruleInput(count: 1, side: 100), computeType: .float32)
    }
    let first = maps.stages[0]
    #expect(first.map(\.kind) == [.local(side: 4), .global(r: 8)])
    #expect(first.map(\.width) == [25, 3] && first.map(\.pixels) == [4, 32])
    #expect(abs(first[1].shares.reduce(0, +) / 9 - 1) < 1e-5)
  }
}
