import ArgumentParser
import Checkpoint
import Datasets
import Flags
import Foundation
import Model
import Randomness
import Recipe
import System
import SystemPackage
import Torch
import Training

/// `predict`: what a trained network says of images.
struct Predict: ParsableCommand {
  static let configuration = CommandConfiguration(abstract: "Classify images with trained weights.")

  @Option(
    help: ArgumentHelp("Weights that a run has written, timm's, or the reference's .pth.", valueName: "file"),
    transform: withHomeFolder)
  var weights: String

  @Option(help: ArgumentHelp("Network of the weights. (default: what the file says)", valueName: "name"))
  var model: String?

  @Option(
    help: ArgumentHelp(
      "Side of the images that the network sees. (default: what the file says, or 224)", valueName: "pixels"
    ))
  var inputSize: Int?

  @Option(help: ArgumentHelp("Classes to show for each image.", valueName: "n"))
  var top = 5

  @Flag(help: "Take the average (EMA) that lies beside the weights: timm's state_dict_ema, DeiT's model_ema.")
  var useEma = false

  @Flag(help: "Show logits instead of probabilities.")
  var logits = false

  @Flag(help: "Print one JSON object an image.")
  var json = false

  @OptionGroup var place: DeviceFlags

  @Argument(help: "Images.", transform: withHomeFolder)
  var images: [String]

  /// One class and its score.
  private struct Guess: Encodable {
    let `class`: ClassName
    let score: Double
  }

  private struct Answer: Encodable {
    let image: String
    let top: [Guess]
  }

  func validate() throws {
    if images.isEmpty { throw ValidationError("name at least one image") }
    try Worker.validate(top, "--top", in: 1...1_000_000)
    try Worker.validate(inputSize, "--input-size", in: inputSizes)
  }

  func run() throws {
    try requireRoom(threads: 2 * Runtime.threads)
    let file = try WeightsFile(path: weights, average: useEma)
    let about = try about(file)
    let device = try Device(place)
    let network = try network(file, about, on: device)
    let reader = ImageDecoder()
    let transform = EvaluationTransform(size: about.inputSize, cropPercent: about.cropPercent)
    for image in images {
      let pixels = try reader.pixels(
        of: FilePath(image), transform, generator: KeyedGenerator(seed: 0, stream: .geometry, epoch: 0))
      let answer = Answer(image: image, top: guesses(network, pixels, about, on: device))
      print(json ? try jsonLine(answer) : sentence(answer))
    }
  }

  /// What the file says of itself; the flags go first, and a file from elsewhere needs `--model`.
  private func about(_ file: WeightsFile) throws -> Weights {
    let stored = Weights(metadata: file.metadata)
    guard let name = model ?? stored?.model else {
      throw RecipeError("\(weights) does not say of which network it is: name it with --model")
    }
    return Weights(
      model: try ModelName.canonical(name), classes: try classes(file, stored),
      inputSize: inputSize ?? stored?.inputSize ?? 224, cropPercent: stored?.cropPercent ?? 0.875)
  }

  /// The names in the file; numbers for a file without.
  private func classes(_ file: WeightsFile, _ stored: Weights?) throws -> [ClassName] {
    let outputs = try file.tensor(named: "head.bias").shape.first ?? 0
    guard outputs > 0 else {
      throw Failure("\(masked(weights)) has a head without classes", exitStatus: .badData)
    }
    if let names = stored?.classes, names.count == outputs { return names }
    return (0..<outputs).map { ClassName(text: "class \($0)") }
  }

  private func network(_ file: WeightsFile, _ about: Weights, on device: Device) throws -> any Network {
    var recipe = Recipe()
    recipe.model.name = about.model
    let network = try makeNetwork(recipe, classes: about.classes.count, on: device)
    try network.load(file)
    return network
  }

  private func guesses(
    _ network: any Network, _ pixels: [UInt8], _ about: Weights, on device: Device
  ) -> [Guess] {
    withoutGradients {
      let batch = pixels.withUnsafeBytes { Normalizer(on: device)($0, count: 1, side: about.inputSize) }
      let output = network(batch, .evaluation())
      let best = output.topIndices(min(top, about.classes.count)).elements(as: Int64.self).map(Int.init)
      let scores = (logits ? output : output.softmax()).elements(as: Float.self)
      return best.map { Guess(class: about.classes[$0], score: Double(scores[$0])) }
    }
  }

  private func sentence(_ answer: Answer) -> String {
    let guesses = answer.top.map { guess in
      "\(guess.class) " + (logits ? fixed(guess.score, 4) : fixed(100 * guess.score, 1) + "%")
    }
    return "\(masked(answer.image)): \(guesses.joined(separator: ", "))"
  }
}
