import Checkpoint
import Datasets
import Foundation
import Model
import Recipe
import System
import Training

/// A folder as timm's hub has it: `model.safetensors`, and `config.json` that says of which network they are.
struct TimmFolder {
  private let about: Weights

  init(_ about: Weights) { self.about = about }

  /// Makes the folder where it is not there, and writes both files.
  func write(_ network: any Network, to folder: String) throws {
    guard Folders.make(folder) else {
      throw Failure(
        "cannot make the folder \(masked(folder)): \(String(cString: strerror(errno)))",
        exitStatus: .inputOutput)
    }
    try about.write(network, to: "\(folder)/model.safetensors")
    try AtomicFile.write(try text + "\n", to: "\(folder)/config.json")
  }

  private var text: String {
    get throws {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
      encoder.keyEncodingStrategy = .convertToSnakeCase
      return String(decoding: try encoder.encode(config), as: UTF8.self)
    }
  }

  private var config: Config {
    let (name, arguments) = Self.architecture(of: about.model)
    return Config(
      architecture: name, numClasses: about.classes.count, labelNames: about.classes.map(\.description),
      modelArgs: arguments,
      pretrainedCfg: Config.Pretrained(
        inputSize: [3, about.inputSize, about.inputSize], cropPct: about.cropPercent,
        mean: Normalizer.means, std: Normalizer.deviations,
        numClasses: about.classes.count))
  }

  /// timm's name of a network, and what its builder has to be told where timm has none.
  private static func architecture(of model: String) -> (String, Config.Arguments?) {
    if let name = ModelName.timm(model) { return (name, nil) }
    let stages = TwinsConfiguration.named(model)?.stages ?? []
    return (
      "twins_svt_small",
      Config.Arguments(
        embedDims: stages.map(\.channels), numHeads: stages.map(\.heads),
        mlpRatios: stages.map(\.expansion), depths: stages.map(\.depth), wss: stages.compactMap(\.window),
        srRatios: stages.map(\.reduction))
    )
  }

  private struct Config: Encodable {
    let architecture: String
    let numClasses: Int
    let labelNames: [String]
    let modelArgs: Arguments?
    let pretrainedCfg: Pretrained

    struct Arguments: Encodable {
      let embedDims: [Int]
      let numHeads: [Int]
      let mlpRatios: [Int]
      let depths: [Int]
      let wss: [Int]
      let srRatios: [Int]
    }

    struct Pretrained: Encodable {
      let inputSize: [Int]
      let cropPct: Double
      let mean: [Float]
      let std: [Float]
      let numClasses: Int
      let interpolation = "bicubic"
      let cropMode = "center"
      let firstConv = "patch_embeds.0.proj"
      let classifier = "head"
      let fixedInputSize = false
    }
  }
}
