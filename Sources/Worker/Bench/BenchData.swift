import ArgumentParser
import Datasets
import Flags
import Foundation
import Recipe
import System
import SystemPackage
import Torch
import Training

/// `bench data`: how fast images become batches, without training.
struct BenchData: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "data", abstract: "Time decoding, cropping and scaling of the training images of a folder.",
    usage: "twins-worker bench data FOLDER [--threads N] [--seconds N] [flags]")

  @Argument(help: "The folder with train/ and val/.", transform: withHomeFolder)
  var folder: String

  @Option(help: ArgumentHelp("Threads to decode with. (default: the cores)", valueName: "n"))
  var threads: Int?

  @Option(help: ArgumentHelp("How long to run.", valueName: "seconds"))
  var seconds = 5.0

  @Option(help: ArgumentHelp("Side of the images in a batch.", valueName: "pixels"))
  var inputSize = 224

  @Flag(help: "Make the views of an evaluation, and not those of training.")
  var evaluation = false

  @Flag(help: "Decode large JPEGs at a part of their size, as a training with --fast-decode does.")
  var fastDecode = false

  @Flag(
    help: "Show where the time of an image goes, on one thread, and what a decoding of whole images takes.")
  var profile = false

  @Flag(
    help:
      "Also make of each batch what a step makes of it, on the thread that takes it: floats, normalised, and of training views boxes erased."
  )
  var floats = false

  @Option(
    help: ArgumentHelp(
      "Write views into a folder, with how each was made, for another program to make them: views.rgb and views.jsonl.",
      valueName: "folder"))
  var sample: String?

  @Flag(help: "Print one JSON object.")
  var json = false

  private static let (batchSize, seed): (Int, UInt64) = (32, 0)

  func validate() throws {
    try Worker.validate(threads, "--threads", in: 1...manyThreads)
    try Worker.validate(inputSize, "--input-size", in: 1...inputSizes.upperBound)
    guard seconds > 0, seconds <= 86_400 else {
      throw ValidationError("--seconds \(seconds): must be above 0, at most 86400")
    }
    guard !(evaluation && fastDecode) else {
      throw ValidationError(
        "--fast-decode is of training views, and --evaluation makes others: give one of them")
    }
    guard !(sample != nil && fastDecode) else {
      throw ValidationError("--fast-decode makes other pixels than Pillow: leave --sample out")
    }
    if profile, (threads ?? 1) != 1 {
      throw ValidationError("--profile is of one thread: leave --threads out")
    }
  }

  func run() throws {
    let threads = profile ? 1 : threads ?? Processors.usable
    let files = try ImageFolderPair(FilePath(folder), for: .training).training
    let times = StageTimes()
    let transform = try transform()
    let loader = BatchLoader(
      folder: files, transform: transform, batchSize: Self.batchSize, seed: Self.seed,
      // Only the calling thread's stages are timed.
      threads: profile ? 0 : threads, times: profile ? times : nil)
    if floats {
      Runtime.keepMemory()
      if profile { Runtime.threads = 1 }
    }
    let watch = Stopwatch()
    let busy = clock()
    var images = 0
    var epoch = 0
    while watch.elapsed < seconds {
      images += try decode(files.count, epoch, loader, times, until: { watch.elapsed >= seconds })
      epoch += 1
    }
    let milliseconds = Double(clock() - busy) / Double(CLOCKS_PER_SEC) * 1000
    var report = DataReport(
      images: images, imagesPerSecond: Double(images) / watch.elapsed,
      cpuMillisecondsPerImage: milliseconds / Double(max(1, images)), threads: threads)
    if profile {
      let stages = StageTimes.Stage.allCases.filter { floats || !$0.isOfStep }
      report.add(times, of: stages, wholeDecode: try wholeDecode(of: files))
    }
    if let sample { try ViewSample(images: files, transform: transform, seed: Self.seed).write(to: sample) }
    try json ? Swift.print(jsonLine(report)) : print(report.description)
  }

  private func transform() throws -> any Transform {
    if evaluation { return EvaluationTransform(size: inputSize) }
    // The reference's transform, with RandAugment.
    var transform = TrainTransform(
      size: inputSize, augmentation: try RandAugment(parsing: Recipe().data.autoAugment))
    transform.decodesFast = fastDecode
    return transform
  }

  private func decode(
    _ count: Int, _ epoch: Int, _ loader: BatchLoader, _ times: StageTimes, until isOver: () -> Bool
  ) throws -> Int {
    let batches = EvaluationSampler(count: count, worldSize: 1, batchSize: Self.batchSize).batches(rank: 0)
    let step = floats ? stepImages : nil
    var images = 0
    loader.start(batches: batches, epoch: epoch)
    while !isOver(), let batch = try loader.next() {
      images += batch.count
      if let step {
        let normalized = times.timed(.normalize) { step.normalized(batch) }
        times.timed(.erase) { step.erase(normalized, of: batch, epoch: epoch) }
      }
      loader.recycle(batch)
    }
    return images
  }

  private var stepImages: StepImages {
    var recipe = Recipe()
    recipe.seed = Self.seed
    if evaluation { recipe.data.erasing.probability = 0 }
    return StepImages(recipe)
  }

  // Milliseconds per image to decode all pixels, over as many images as fit in a second.
  private func wholeDecode(of files: ImageFolder) throws -> Double {
    let times = StageTimes()
    let decoder = ImageDecoder(times: times)
    let watch = Stopwatch()
    var images = 0
    while images < files.count, watch.elapsed < min(seconds, 1) {
      try decoder.decodeWhole(images, of: files)
      images += 1
    }
    return times.seconds(of: .decode) * 1000 / Double(images)
  }
}
