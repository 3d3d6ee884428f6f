import Checkpoint
import Datasets
import Foundation
import Model
import Recipe
import System
import Training

/// A folder in timm's hub format: `model.safetensors`, and `config.json` with the network's description.
struct TimmFolder {
  private let about: Weights

  init(_ about: Weights) { self.about = about }

  /// Makes the folder if necessary and writes both files.
  func write(_ network: any Network, to folder: String) throws {
    guard Folders.make(folder) else {
      throw Failure(
        "cannot make the folder \(masked(folder)): \(errorText(errno))",
        exitStatus: .inputOutput)
    }
    try about.write(network, to: "\(folder)/model.safetensors")
    try AtomicFile.write(try text + "\n", to: "\(folder)/config.json")
  }

  /// The content of `config.json`.
  var text: String {
    get throws {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
      encoder.keyEncodingStrategy = .convertToSnakeCase
      return String(decoding: try encoder.encode(config), as: UTF8.self)
    }
  }

  private var config: Config {
    let (name, arguments) = Self.architecture(of: about)
    let shape = VisionTransformer.Shape.named(about.model)
    return Config(
      architecture: name, numClasses: about.classes.count, labelNames: about.classes.map(\.text),
      modelArgs: arguments,
      pretrainedCfg: Config.Pretrained(
        inputSize: [3, about.images.inputSize, about.images.inputSize], cropPct: about.images.cropPercent,
        cropMode: about.images.cropMode.rawValue,
        mean: about.images.means, std: about.images.deviations,
        numClasses: about.classes.count,
        firstConv: shape == nil ? "patch_embeds.0.proj" : "patch_embed.proj",
        classifier: shape?.isDistilled == true ? ["head", "head_dist"] : ["head"],
        fixedInputSize: shape != nil))
  }

  /// timm's name of a network, and its builder's arguments if timm has no name for it.
  private static func architecture(of about: Weights) -> (String, Config.Arguments?) {
    if let name = ModelName.timm(about.model) {
      // A vision transformer has a fixed size, which timm's builder assumes to be 224.
      return (
        name,
        VisionTransformer.Shape.named(name).map { _ in Config.Arguments(imgSize: about.images.inputSize) }
      )
    }
    let stages = TwinsConfiguration.named(about.model)?.stages ?? []
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
      var imgSize: Int?
      var embedDims: [Int]?
      var numHeads: [Int]?
      var mlpRatios: [Int]?
      var depths: [Int]?
      var wss: [Int]?
      var srRatios: [Int]?
    }

    struct Pretrained: Encodable {
      let inputSize: [Int]
      let cropPct: Double
      let cropMode: String
      let mean: [Double]
      let std: [Double]
      let numClasses: Int
      let interpolation = "bicubic"
      let firstConv: String
      let classifier: [String]
      let fixedInputSize: Bool
    }
  }
}
