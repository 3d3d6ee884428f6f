import Checkpoint
import Datasets
import Foundation
import Model
import TestSupport
import Recipe
import Testing
import Torch

@testable import Training

@Suite struct WeightsTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func nano(classes: Int = RuleBatch.classes) throws -> Twins {
    Twins(try #require(TwinsConfiguration.named("alt_gvt_nano")), classes: classes)
  }

  /// The nano network's weights by rule as a `.pth`, its keys behind a prefix.
  private func torchFile(prefix: String = "") throws -> WeightsFile {
    let tensors = try nano().parameters.map { parameter in
      TorchFile.Tensor(
        prefix + parameter.name, parameter.tensor.shape, Rule.weights(parameter.name, parameter.tensor.shape))
    }
    let path = folder.path + "/nano.pth"
    try Data(TorchFile.archive(of: tensors).bytes).write(to: URL(fileURLWithPath: path))
    return try WeightsFile(path: path)
  }

  private func safetensors() throws -> WeightsFile {
    let path = folder.path + "/nano.safetensors"
    let about = Weights(model: "alt_gvt_nano", classes: ["a"], images: .init(inputSize: 64, cropPercent: 1))
    try about.write(try makeRuleNetwork(), to: path)
    return try WeightsFile(path: path)
  }

  private func values(_ network: Twins) -> [[Float]] {
    network.parameters.map { $0.tensor.elements(as: Float.self) }
  }

  @Test(arguments: ["", "module.", "module.model."])
  func `a pth file gives timm's logits, whatever its keys begin with`(prefix: String) throws {
    try expectLogits(of: try torchFile(prefix: prefix))
  }

  @Test func `a safetensors file gives timm's logits`() throws { try expectLogits(of: try safetensors()) }

  private func expectLogits(of file: WeightsFile) throws {
    let network = try nano()
    try network.load(file)
    let side = RuleBatch.side
    let input = Tensor(Rule.uniform("input", 2 * 3 * side * side), [2, 3, side, side])
    let logits = withoutGradients { network(input, .evaluation()) }
    let golden = try Golden("nano_logits", in: .module)
    #expect(relativeError(logits.elements(), try golden.floats("logits")) <= 1e-4)
    #expect(Weights(metadata: file.metadata)?.model == "alt_gvt_nano")
  }

  @Test func `finetuning keeps the drawn head where the file's is for other classes`() throws {
    let network = try nano(classes: 4)
    let drawn = values(network)
    #expect(try network.loadForFinetuning(try torchFile()) == ["head.weight", "head.bias"])
    let loaded = values(network)
    for (index, parameter) in network.parameters.enumerated() {
      let isHead = parameter.name.hasPrefix("head.")
      let expected = isHead ? drawn[index] : Rule.weights(parameter.name, parameter.tensor.shape)
      #expect(loaded[index] == expected, "\(parameter.name)")
    }
  }

  @Test func `finetuning on as many classes takes the head too`() throws {
    let network = try nano()
    #expect(try network.loadForFinetuning(try torchFile()) == [])
    #expect(values(network) == values(try makeRuleNetwork()))
  }

  @Test func `evaluating refuses another head, and finetuning refuses another network`() throws {
    let other = try nano(classes: 4)
    let before = values(other)
    #expect { try other.load(try torchFile()) } throws: {
      "\($0)".contains("or --finetune, which draws a new head")
    }
    #expect(values(other) == before)

    let pyramid = Twins(try #require(TwinsConfiguration.named("pcpvt_small_v0")), classes: 4)
    #expect { try pyramid.loadForFinetuning(try torchFile()) } throws: {
      "\($0)".contains("name that with --model")
    }
  }

  @Test func `what images went through is read back, and said where it is not the reference's`() {
    var about = Weights(model: "m", classes: [], images: .init(inputSize: 64))
    #expect(about.metadata.keys.sorted() == ["classes", "crop_pct", "format", "input_size", "model"])
    about.images.cropMode = .squash
    (about.images.means, about.images.deviations) = ([0.1, 0.25, 1.0 / 3], [0.5, 0.5, 0.5])
    #expect(
      about.metadata["mean"] == "0.1 0.25 0.3333333333333333" && about.metadata["crop_mode"] == "squash")
    about.heldOut = "0.2 of 0000000a"
    #expect(Weights(metadata: about.metadata) == about)
  }

  @Test(arguments: ["nan", "0", "-1", "7", "x", ""]) func `sizes that make no sense are not taken`(
    text: String
  ) {
    let keys = ["input_size", "crop_pct", "crop_mode", "mean", "std"]
    let about = Weights(
      metadata: Dictionary(uniqueKeysWithValues: [("model", "m")] + keys.map { ($0, text) }))
    #expect(about == Weights(model: "m", classes: [], images: .init(inputSize: 224, cropPercent: 0.875)))
  }
}
