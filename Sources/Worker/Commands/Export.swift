import ArgumentParser
import Flags
import Glibc
import Output
import Recipe
import System
import SystemPackage
import Torch
import Training

/// `export RUN|WEIGHTS OUT`: writes trained weights for other programs.
struct Export: ParsableCommand, Computing {
  static let configuration = CommandConfiguration(
    abstract: "Write trained weights for timm, for PyTorch or as ONNX.",
    usage: "twins-worker export RUN|WEIGHTS OUT [--to timm|pth|onnx] [flags]",
    discussion: """
      The model, the size of its images and its classes are those that the weights name.
        timm    a folder: timm.create_model("local-dir:OUT", pretrained=True)
        pth     a file: torch.load(OUT, weights_only=True)["model"]; beside it, what timm's config.json says
        onnx    a model of opset 17 for batches of any size; classes and preprocessing are in its metadata
      """)

  @Argument(
    help: ArgumentHelp(
      "A run's output folder, of which the best weights are taken, a file of weights (.safetensors, .pth), or a checkpoint.",
      valueName: "run|weights"), transform: withHomeFolder)
  var weights: String

  @Argument(help: ArgumentHelp("Where to write.", valueName: "out"), transform: withHomeFolder)
  var target: String

  @Option(
    help: ArgumentHelp(
      "For what. (default: what the name ends in, .pth or .onnx)", valueName: "timm|pth|onnx"))
  var to: ExportFormat?

  @Option(help: ArgumentHelp("Network of the weights. (default: what the file says)", valueName: "name"))
  var model: String?

  @Option(
    help: ArgumentHelp("Side of the images. (default: what the file says, or 224)", valueName: "pixels"))
  var inputSize: Int?

  @Flag(help: "Take the average (EMA) of the weights: a run's best_ema.safetensors, or that in a .pth.")
  var useEma = false

  @Flag(help: "Write over what is there.")
  var overwrite = false

  func validate() throws {
    try Worker.validate(inputSize, "--input-size", in: inputSizes)
    guard (to ?? ExportFormat(endOf: target)) != nil else {
      throw ValidationError(
        "\(target): the name does not say for what to write; say it with --to timm, pth or onnx")
    }
  }

  func run() throws {
    guard let format = to ?? ExportFormat(endOf: target) else { return }
    try requireFree(target, overwriting: overwrite)
    let named = try NamedWeights(weights, average: useEma)
    if let note = named.note { Console.warn("note: \(note)") }
    let trained = try TrainedNetwork(
      named, TrainedNetwork.Wishes(model: model, inputSize: inputSize), on: .cpu)
    let sentence = try format.write(trained, to: target)
    let about = trained.about
    print(
      "\(masked(target)): \(about.model), \(counted(about.classes.count, "class", "classes")), images of \(about.images.inputSize) pixels; \(masked(sentence))"
    )
  }
}

/// Throws if the target is a file or a non-empty folder, unless overwriting was asked for.
func requireFree(_ target: String, overwriting: Bool) throws(Failure) {
  let isTaken = Folders.isFolder(target) ? !Folders.names(in: target).isEmpty : access(target, F_OK) == 0
  guard overwriting || !isTaken else {
    throw Failure(
      "\(masked(target)) is there already: choose another name, or write over it with --overwrite",
      exitStatus: .badConfiguration)
  }
}
