import ArgumentParser
import Checkpoint
import Output
import Recipe
import System

/// `convert A B.safetensors`: converts weights to safetensors, as timm and others read them.
struct Convert: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract:
      "Write the weights in a PyTorch .pth or .safetensors file as float32 .safetensors under timm's keys.",
    discussion: """
      Nothing in a .pth is ever run. What wrappers put in front of all keys (module., _orig_mod., backbone., model.) is taken off;
      of a training state, the weights are kept, or with --use-ema their average. In Python the result loads as
        network = timm.create_model("twins_svt_small")
        network.load_state_dict(safetensors.torch.load_file("B.safetensors"))
      """)

  @Argument(
    help: ArgumentHelp("The file to read, or a run's output folder.", valueName: "a"),
    transform: withHomeFolder)
  var source: String

  @Argument(
    help: ArgumentHelp("The file to write; its name ends in .safetensors.", valueName: "b"),
    transform: withHomeFolder)
  var target: String

  @Flag(help: "Take the average (EMA) that lies beside the weights: timm's state_dict_ema, DeiT's model_ema.")
  var useEma = false

  @Flag(help: "Write over the file.")
  var overwrite = false

  func validate() throws {
    guard target.hasSuffix(".safetensors") else {
      throw ValidationError("\(target): only .safetensors files are written, so the name must end in that")
    }
  }

  func run() throws {
    try RunFiles.spare(target)
    try requireFree(target, overwriting: overwrite)
    let named = try NamedWeights(source, average: useEma)
    if let note = named.note { Console.warn("note: \(note)") }
    let file = try WeightsFile(path: named.path, average: named.takesAverage)
    try write(file)
    print(sentence(file))
  }

  /// Writes the file; a missing folder counts as a write failure here, not as a missing input.
  private func write(_ file: WeightsFile) throws {
    let metadata = file.metadata.merging(["format": "pt"]) { stored, _ in stored }
    do {
      try Safetensors.write(file.tensors, metadata: metadata, to: target)
    } catch {
      throw Failure(error.description, exitStatus: .inputOutput)
    }
  }

  private func sentence(_ file: WeightsFile) -> String {
    let parameters = file.tensors.filter { $0.type == .float32 }.reduce(0) { $0 + $1.shape.reduce(1, *) }
    let changes = file.changes.isEmpty ? "" : " (\(file.changes.joined(separator: ", ")))"
    return
      "\(masked(target)): \(counted(file.tensors.count, "tensor")), \(counted(parameters, "parameter"))\(changes)"
  }
}
