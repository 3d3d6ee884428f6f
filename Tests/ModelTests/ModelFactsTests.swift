import Recipe
import Testing
import Torch

@testable import Model

/// What `twins-launch models` tells, against the networks themselves.
@Suite struct ModelFactsTests {
  @Test func `every name has its facts, in the same order`() {
    #expect(ModelFacts.all.map(\.name) == ModelName.canonical)
  }

  @Test(arguments: [
    "alt_gvt_small", "alt_gvt_nano", "pcpvt_small_v0", "deit_tiny_patch16_224",
    "deit_small_distilled_patch16_224",
  ])
  func `a network has as many weights as its facts say`(name: String) throws {
    let facts = try #require(ModelFacts.all.first { $0.name == name })
    let network = try makeNetwork(name, classes: 1000)
    #expect(network.parameters.reduce(0) { $0 + $1.tensor.count } == facts.parameters)
  }

  @Test(arguments: ModelFacts.all)
  func `weights and multiply-adds follow from the shapes`(facts: ModelFacts) throws {
    let size =
      try VisionTransformer.Shape.named(facts.name).map(Size.init)
      ?? Size(try #require(TwinsConfiguration.named(facts.name)))
    #expect(size.parameters == facts.parameters && size.multiplyAdds == facts.multiplyAdds)
  }
}

/// The size of a network of 1,000 classes and its work on an image of 224 pixels, layer by layer.
private struct Size {
  private(set) var parameters = 0
  private(set) var multiplyAdds = 0

  init(_ configuration: TwinsConfiguration) {
    var (side, inputs) = (224, 3)
    for stage in configuration.stages {
      side /= stage.patch
      let (N, C) = (side * side, stage.channels)
      add(linear: stage.patch * stage.patch * inputs, C, tokens: N)
      parameters += 2 * C  // the norm
      for j in 0..<stage.depth { addBlock(stage, j, side) }
      // The depthwise convolution of the positional encoding.
      parameters += 10 * C
      multiplyAdds += 9 * N * C
      inputs = C
    }
    parameters += 2 * inputs
    add(linear: inputs, 1000, tokens: 1)
  }

  init(_ shape: VisionTransformer.Shape) {
    let (patches, C, front) = (196, shape.channels, shape.isDistilled ? 2 : 1)
    let tokens = front + patches
    add(linear: 3 * shape.patch * shape.patch, C, tokens: patches)
    parameters += (front + tokens) * C
    for _ in 0..<shape.depth {
      parameters += 4 * C
      add(linear: C, 3 * C, tokens: tokens)
      multiplyAdds += 2 * tokens * tokens * C
      add(linear: C, C, tokens: tokens)
      add(linear: C, 4 * C, tokens: tokens)
      add(linear: 4 * C, C, tokens: tokens)
    }
    parameters += 2 * C
    for _ in 0..<front { add(linear: C, 1000, tokens: 1) }
  }

  private mutating func addBlock(_ stage: TwinsConfiguration.Stage, _ j: Int, _ side: Int) {
    let (N, C) = (side * side, stage.channels)
    parameters += 4 * C
    add(linear: C, stage.expansion * C, tokens: N)
    add(linear: stage.expansion * C, C, tokens: N)
    if let window = stage.window, j.isMultiple(of: 2) {
      let padded = (side + window - 1) / window * window
      add(linear: C, 3 * C, tokens: padded * padded)
      add(linear: C, C, tokens: padded * padded)
      multiplyAdds += 2 * padded * padded * window * window * C
    } else {
      let M = N / (stage.reduction * stage.reduction)
      add(linear: C, C, tokens: N)
      add(linear: C, C, tokens: N)
      add(linear: C, 2 * C, tokens: M)
      multiplyAdds += 2 * N * M * C
      guard stage.reduction > 1 else { return }
      add(linear: C * stage.reduction * stage.reduction, C, tokens: M)
      parameters += 2 * C
    }
  }

  private mutating func add(linear inputs: Int, _ outputs: Int, tokens: Int) {
    parameters += (inputs + 1) * outputs
    multiplyAdds += inputs * outputs * tokens
  }
}
