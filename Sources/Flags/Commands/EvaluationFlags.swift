public import ArgumentParser
package import Output
import Recipe
import System
import SystemPackage

/// The flags of `evaluate` in both programs: what weights do not say about themselves, and where to write.
public struct EvaluationFlags: ParsableArguments {
  @Argument(
    help: ArgumentHelp(
      "A run's output folder, of which the best weights are taken, a file of weights (.safetensors, .pth), or a checkpoint.",
      valueName: "run|weights"), transform: withHomeFolder)
  package var weights: String

  @Option(
    help: ArgumentHelp("Folder with val/CLASS/IMAGE.", valueName: "dir"), transform: withHomeFolder)
  var dataPath: String

  @Option(
    help: ArgumentHelp(
      "The folder in it to evaluate; '.' is --data-path itself. (default: val)", valueName: "name"))
  var split: String?

  @Option(
    help: ArgumentHelp(
      "Where to write what is found. (default: a folder beside the weights, as runs/first/best-evaluation)",
      valueName: "dir"), transform: withHomeFolder)
  var outputDir: String?

  @Option(
    help: ArgumentHelp(
      "Evaluate what a training with the same --val-split held out of a folder without val/.",
      valueName: "part"))
  var valSplit: Double?

  @Flag(
    inversion: .prefixedNo,
    help: "On several hosts, each evaluates the shards of a pack that it has, of which it may have a part.")
  var shardsByHost: Bool?

  @Option(help: ArgumentHelp("Network of the weights. (default: what the file says)", valueName: "name"))
  var model: String?

  @Option(
    help: ArgumentHelp("Side of the images. (default: what the file says, or 224)", valueName: "pixels"))
  var inputSize: Int?

  @Option(
    help: ArgumentHelp(
      "Part of the shorter side that the crop keeps. (default: what the file says, or 0.875)",
      valueName: "part"))
  var cropPct: Double?

  @Option(
    help: ArgumentHelp(
      "As that of train: a worker evaluates one and a half times as many images at once. (default: 64)",
      valueName: "n"))
  var batchSize: Int?

  @Option(help: ArgumentHelp("O0: float32. O1: 16 bits. (default: O0)", valueName: "level"))
  var amp: AmpLevel?

  @Flag(help: "Take the average (EMA) of the weights: a run's best_ema.safetensors, or that in a .pth.")
  var useEma = false

  @Flag(help: "Evaluate each image and its mirror image, as a training with --tta did.")
  var tta = false

  @Option(
    help: ArgumentHelp(
      "Threads each worker computes with. (default: OMP_NUM_THREADS, or the cores)", valueName: "n"))
  var threads: Int?

  @Option(
    help: ArgumentHelp(
      "Threads each worker decodes with. (default: its share of the cores)", valueName: "n"))
  var numWorkers: Int?

  @OptionGroup var place: DeviceFlags

  /// Makes flags as before parsing.
  public init() {}

  /// The discussion in the command's `--help`.
  public static let discussion = """
    It prints accuracy, balanced accuracy, calibration, a table of classes and what is confused most, and writes
      evaluation.json      every figure, of every class
      confusion.csv        label, predicted, images: each pair that came up
      misclassified.csv    path, label, predicted, confidence: the most confident mistake first
      mistakes.html        the most confident mistakes to look at
      by-class.json        what the page of a run shows of it; its report.html is written anew
    Any number of workers comes to the same figures, to the byte.
    """

  /// The equivalent flags of `train --eval`, with a note for the user on the weights.
  package func trainingFlags() throws(OutputError) -> (arguments: [String], note: String?) {
    let named = try NamedWeights(weights, average: useEma)
    let optional: [(String, String?)] = [
      ("--split", split), ("--val-split", valSplit?.description), ("--model", model),
      ("--input-size", inputSize?.description),
      ("--crop-pct", cropPct?.description), ("--batch-size", batchSize?.description),
      ("--amp", amp?.rawValue), ("--threads", threads?.description),
      ("--num-workers", numWorkers?.description),
    ]
    let shards = shardsByHost.map { [$0 ? "--shards-by-host" : "--no-shards-by-host"] } ?? []
    let given = optional.flatMap { flag, value in value.map { [flag, $0] } ?? [] } + shards
    let arguments =
      [
        "--eval", "--resume", named.path, "--data-path", dataPath, "--report-dir", outputDir ?? beside(named),
      ] + given + (named.takesAverage ? ["--use-ema"] : [])
      + (tta ? ["--tta"] : []) + place.arguments
    return (arguments, named.note)
  }

  /// The default report folder, named after the weights, and after the images if these are not the usual
  /// ones.
  private func beside(_ named: NamedWeights) -> String {
    let place = FilePath(named.besides)
    let stem = place.stem ?? "weights"
    let name =
      stem + (named.takesAverage ? "-ema" : "") + "-evaluation"
      + (split.map { $0 == "val" ? "" : "-\($0)" } ?? "")
    return place.removingLastComponent().appending(name).string
  }
}
