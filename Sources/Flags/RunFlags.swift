package import ArgumentParser
import Recipe

/// Where a run computes and writes, what it starts from, and what it says.
package struct RunFlags: ParsableArguments {
  @Option(
    help: ArgumentHelp("Where weights, logs and checkpoints go. (default: ./<model>)", valueName: "dir"))
  package var outputDir: String?

  @Option(
    help: ArgumentHelp(
      "Where to compute; gpu and gp mean cuda. (default: npu or cuda if there is one for every worker)",
      valueName: "kind"))
  package var device: DeviceChoice?

  @Option(
    help: ArgumentHelp(
      "What to start from: a checkpoint folder, the newest one (auto), or a .safetensors file of weights.",
      valueName: "path|auto"))
  package var resume: String?

  @Flag(help: "Evaluate once instead of training, with the weights of --resume.")
  package var eval = false

  @Flag(
    help: "Always on: every worker evaluates its share, each picture counts once. Accepted for old scripts.")
  package var distEval = false

  @Flag(help: "Do not evaluate after each epoch.")
  package var noEval = false

  @Option(help: ArgumentHelp("Newest checkpoints to keep.", valueName: "n"))
  package var keep = 2

  @Option(help: ArgumentHelp("Print and record a line every so many steps.", valueName: "n"))
  package var logEvery = 10

  @Option(
    help: ArgumentHelp(
      "Threads each worker computes with. (default: OMP_NUM_THREADS, or the cores)", valueName: "n"))
  package var threads: Int?

  @Option(
    help: ArgumentHelp(
      "Threads each worker decodes with; 0 decodes between steps. (default: its share of the cores, at most 10)",
      valueName: "n"))
  package var numWorkers: Int?

  package init() {}

  /// Throws when a value is out of range.
  func check() throws(RecipeError) {
    try require(keep >= 1, "--keep", keep, "at least 1")
    try require(logEvery >= 1, "--log-every", logEvery, "at least 1")
    if let threads { try require(threads >= 1, "--threads", threads, "at least 1") }
    if let numWorkers { try require(numWorkers >= 0, "--num-workers", numWorkers, "at least 0") }
  }
}

/// `--device`: the words users of the reference type.
package enum DeviceChoice: String, ExpressibleByArgument, CaseIterable, Sendable {
  case cpu, cuda, gpu, gp, npu
}
