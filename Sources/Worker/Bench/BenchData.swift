import ArgumentParser
import Datasets
import Flags
import Foundation
import Recipe
import System
import SystemPackage

/// `bench data`: how fast images become batches, without training.
struct BenchData: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "data", abstract: "Time decoding, cropping and scaling of the training images of a folder."
  )

  @Argument(help: "The folder with train/ and val/.", transform: withHomeFolder)
  var folder: String

  @Option(help: ArgumentHelp("Threads to decode with. (default: the cores)", valueName: "n"))
  var threads: Int?

  @Option(help: ArgumentHelp("How long to run.", valueName: "seconds"))
  var seconds = 5.0

  @Option(help: ArgumentHelp("Side of the images in a batch.", valueName: "pixels"))
  var inputSize = 224

  @Flag(help: "Print one JSON object.")
  var json = false

  private static let batchSize = 32

  private struct Report: Encodable {
    let images: Int
    let imagesPerSecond: Double
    let cpuMillisecondsPerImage: Double
    let threads: Int
  }

  func validate() throws {
    try Worker.validate(threads, "--threads", in: 1...manyThreads)
    try Worker.validate(inputSize, "--input-size", in: 1...inputSizes.upperBound)
    guard seconds > 0, seconds <= 86_400 else {
      throw ValidationError("--seconds \(seconds): must be above 0, at most 86400")
    }
  }

  func run() throws {
    let threads = threads ?? Processors.usable
    let files = try ImageFolderPair(FilePath(folder)).training
    let loader = BatchLoader(
      folder: files, transform: try transform(), batchSize: Self.batchSize, seed: 0,
      threads: threads)
    let watch = Stopwatch()
    let busy = clock()
    var images = 0
    var epoch = 0
    while watch.elapsed < seconds {
      images += try decode(files.count, epoch, loader, until: { watch.elapsed >= seconds })
      epoch += 1
    }
    let milliseconds = Double(clock() - busy) / Double(CLOCKS_PER_SEC) * 1000
    let report = Report(
      images: images, imagesPerSecond: Double(images) / watch.elapsed,
      cpuMillisecondsPerImage: milliseconds / Double(max(1, images)), threads: threads)
    print(json ? try jsonLine(report) : sentence(report))
  }

  /// The reference's transform, RandAugment included.
  private func transform() throws -> TrainTransform {
    TrainTransform(size: inputSize, augmentation: try RandAugment(parsing: Recipe().data.autoAugment))
  }

  private func decode(
    _ count: Int, _ epoch: Int, _ loader: BatchLoader, until isOver: () -> Bool
  ) throws -> Int {
    let batches = EvaluationSampler(count: count, worldSize: 1, batchSize: Self.batchSize).batches(rank: 0)
    var images = 0
    loader.start(batches: batches, epoch: epoch)
    while !isOver(), let batch = try loader.next() {
      images += batch.count
      loader.recycle(batch)
    }
    return images
  }

  private func sentence(_ report: Report) -> String {
    "\(fixed(report.imagesPerSecond, 1)) images/s on \(report.threads) threads, "
      + "\(fixed(report.cpuMillisecondsPerImage, 2)) CPU-ms an image"
  }
}
