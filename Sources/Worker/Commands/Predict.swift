import ArgumentParser
import Datasets
import Flags
import Foundation
import Output
import Recipe
import System
import SystemPackage
import Torch
import Training

/// `predict`: classifies images with a trained network.
struct Predict: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Classify images with trained weights.",
    discussion: """
      Images are files, folders with all images below them or packs of such, and lists of all these:
        twins-worker predict --weights runs/first --csv images/ > predictions.csv
        find . -name '*.jpg' | twins-worker predict --weights runs/first --top 1 --from -
      An image that cannot be used is named on standard error and passed over; the command then ends with 65.
      """)

  @Option(
    help: ArgumentHelp(
      "A run's output folder, of which the best weights are taken, a file of weights that a run has written, timm's, or the "
        + "reference's .pth.", valueName: "run|file"),
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

  @Flag(help: "Take the average (EMA) of the weights: a run's best_ema.safetensors, or that in a .pth.")
  var useEma = false

  @Flag(help: "Show logits instead of probabilities.")
  var logits = false

  @Flag(help: "Print one JSON object an image.")
  var json = false

  @Flag(help: "Print a table of comma-separated values: image, class_1, score_1, class_2, …")
  var csv = false

  @Option(
    help: ArgumentHelp(
      "Draw where the network looks in each image, stage by stage, as a page.", valueName: "file.html"),
    transform: withHomeFolder)
  var attention: String?

  @Option(
    help: ArgumentHelp(
      "A list of images and folders, one a line; - reads standard input.", valueName: "file"),
    transform: withHomeFolder)
  var from: String?

  @Option(help: ArgumentHelp("Images at once.", valueName: "n"))
  var batchSize = 32

  @Option(
    help: ArgumentHelp("Threads to compute with. (default: OMP_NUM_THREADS, or the cores)", valueName: "n"))
  var threads: Int?

  @OptionGroup var place: DeviceFlags

  @Argument(help: "Images, folders of images, and packs of them.", transform: withHomeFolder)
  var images: [String] = []

  func validate() throws {
    if images.isEmpty, from == nil {
      throw ValidationError("name at least one image or folder, or a list with --from")
    }
    if images.contains("") { throw ValidationError("an image's name is empty") }
    if let attention, !attention.hasSuffix(".html") {
      throw ValidationError("--attention \(masked(attention)): the name must end in .html")
    }
    if json, csv { throw ValidationError("--json and --csv: give one of them") }
    try Worker.validate(top, "--top", in: 1...1_000_000)
    try Worker.validate(inputSize, "--input-size", in: inputSizes)
    try Worker.validate(batchSize, "--batch-size", in: batchSizes)
    try Worker.validate(threads, "--threads", in: 1...manyThreads)
  }

  func run() throws {
    let decoders = BatchLoader.threads(on: Processors.usable, batchSize: batchSize)
    Runtime.keepMemory()
    if let threads { Runtime.threads = threads }
    try requireRoom(threads: 2 * Runtime.threads + decoders)
    let named = try NamedWeights(weights, average: useEma)
    if let note = named.note { Console.warn("note: \(note)") }
    let device = try Device(place)
    let trained = try TrainedNetwork(
      named, TrainedNetwork.Wishes(model: model, inputSize: inputSize), on: device)
    if let assumption = trained.assumption { Console.warn("note: \(assumption)") }
    let all = try NamedImages(images, list: from).images
    if all.count == 0, all.failures.isEmpty {
      throw Failure(
        "no images: the list \(masked(from ?? "")) names none. It has a path on each line",
        exitStatus: .missingInput)
    }
    var failures = all.failures
    for failure in failures { say(failure) }
    let sheet = try attention.map { try page(at: $0, of: trained, weights: named.path) }
    let format = json ? PredictionFormat.json : csv ? .csv : .text(logits: logits)
    if let head = format.head(top: min(top, trained.about.classes.count)) { try put(head) }
    let predictor = Predictor(trained, top: top, logits: logits, on: device)
    try predictor.run(all, batchSize: min(batchSize, max(1, all.count)), threads: decoders) {
      image, view, result in
      switch result {
      case .success(let guesses):
        let path = all[image].path
        let name = String(validating: path.bytes, as: UTF8.self) ?? path.masked
        let line = try format.line(Prediction(image: name, top: guesses))
        try put(line)
        try sheet?.add(name, guesses, view, predictor.attention(over: view))
      case .failure(let failure):
        failures.append(failure)
        say(failure)
      }
    }
    try sheet?.finish()
    try end(failures)
  }

  private func page(at path: String, of trained: TrainedNetwork, weights: String) throws(Failure)
    -> AttentionSheet
  {
    do {
      return try AttentionSheet(at: path, trained.about.model, weights: weights, logits: logits)
    } catch {
      throw Failure(
        "--attention \(masked(path)): \("\(error)".asSentence) Name a file in a folder that is there and that this user may write to.",
        exitStatus: .inputOutput)
    }
  }

  /// Prints a line at once; throws if it cannot be written, as on a full disk.
  private func put(_ line: String) throws(SystemError) {
    Swift.print(maskedLines(line))
    try StandardOutput.flush()
  }

  private func say(_ failure: DataError) { Console.warn("warning: passed over: \(failure)") }

  /// Ends with the status for bad data, unless all failures share another one.
  private func end(_ failures: [DataError]) throws(Failure) {
    let statuses = failures.map { Failure($0).exitStatus }
    guard let first = statuses.first else { return }
    let status = statuses.allSatisfy { $0 == first } ? first : .badData
    throw Failure(
      "\(counted(failures.count, "image or folder", "images or folders")) could not be used: named above",
      exitStatus: status)
  }
}
