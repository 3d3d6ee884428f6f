import ArgumentParser
import Checkpoint
import Datasets
import Flags
import Foundation
import Recipe
import System
import SystemPackage

/// `dataset preview FOLDER`: shows training images as the network will see them.
struct DatasetPreview: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "preview",
    abstract: "Draw the first training images as a training with the same flags would see them.",
    usage: "twins-worker dataset preview FOLDER --output FILE.png|FILE.html [flags]",
    discussion: """
      The views are cropped, scaled, mirrored and augmented as a training's on one worker are, to the bit; mixing and erasing come \
      later and are not shown. All training flags are taken, so that a command line can be tried without its launch flags; --input-size, --aa, \
      --scale, --ratio, --hflip, --vflip, --color-jitter, --train-interpolation, --fast-decode, --no-aug, --no-shuffle, --sampler, --repeated-aug, \
      --skip-damaged, --recipe, --config and --seed change what is seen:
        twins-worker dataset preview FOLDER --recipe small --output views.html
      """)

  @Argument(help: "The folder with train/, or a pack of one.", transform: withHomeFolder)
  var folder: String

  @Option(
    help: ArgumentHelp(
      "Where to draw: a picture, or a page with each image's class and path.", valueName: "file.png|html"),
    transform: withHomeFolder)
  var output: String

  @Option(help: ArgumentHelp("How many images.", valueName: "n"))
  var count = 24

  @Option(
    help: ArgumentHelp("Of which epoch, from 0: each changes the images in another way.", valueName: "n"))
  var epoch = 0

  @OptionGroup(visibility: .hidden) var training: TrainingFlags

  func validate() throws {
    try Worker.validate(count, "--count", in: 1...10_000)
    try Worker.validate(epoch, "--epoch", in: 0...1_000_000)
    guard isPage || output.hasSuffix(".png") else {
      throw ValidationError("--output \(masked(output)): the name must end in .png or .html")
    }
  }

  private var isPage: Bool { output.hasSuffix(".html") }

  func run() throws {
    var flags = training
    flags.images.dataPath = folder
    let request = try flags.request()
    let recipe = try request.recipe(worldSize: 1)
    let images = try ImageFolderPair(
      FilePath(folder), for: .training, holdingOut: recipe.data.heldOut
    ).training
    try require(FilePath(output), outside: FilePath(folder))
    let views = TrainingViews(
      images, try recipe.data.trainingTransform(), seed: recipe.seed, skipping: request.run.skipDamaged)
    let batch = try views.first(
      count, of: Sampler(viewsOf: recipe, images), epoch: epoch, threads: Processors.usable)
    sayDamage(batch?.damage ?? [])
    guard let batch, let bytes = drawn(batch, of: images, recipe) else {
      throw Failure("memory is short for \(counted(count, "image"))", exitStatus: .inputOutput)
    }
    let written = bytes.withUnsafeBytes { bytes in
      Result { () throws(CheckpointError) in try AtomicFile.write(bytes, to: output) }
    }
    try written.get()
    print(
      "\(masked(output)): \(batch.count) of \(counted(images.count, "training image")) at \(batch.size) × \(batch.size)"
    )
  }

  private func sayDamage(_ damage: [Damage]) {
    let errors = Dictionary(damage.map { ($0.image, $0.error) }, uniquingKeysWith: { first, _ in first })
    for (_, error) in errors.sorted(by: { $0.key < $1.key }) { Console.warn("warning: skipped: \(error)") }
  }

  private func drawn(_ batch: PixelBatch, of images: ImageFolder, _ recipe: Recipe) -> [UInt8]? {
    guard isPage else { return ImageSheet(batch, columns: 6).png }
    let data = recipe.data
    let how =
      data.augments
      ? "augmented by \(data.autoAugment.isEmpty ? "crop and flip" : data.autoAugment)" : "not augmented"
    let headline =
      "\(batch.count) of \(counted(images.count, "image")) of \(images.root.masked), \(how), as epoch \(epoch) of seed \(recipe.seed) shows them"
    return PreviewPage(batch: batch, folder: images, headline: headline).text.map { Array($0.utf8) }
  }
}
