package import ArgumentParser
package import Recipe
import System

/// Flags of the images: which, how many at once, and at what size.
package struct ImageFlags: ParsableArguments {
  @Option(
    help: ArgumentHelp("Folder with train/CLASS/IMAGE and val/CLASS/IMAGE.", valueName: "dir"),
    transform: withHomeFolder)
  package var dataPath: String?

  @Option(
    help: ArgumentHelp(
      "Kind of data set; folders of classes, as ImageNet is laid out, are the one kind there is. (default: IMNET)"
    ))
  var dataSet: DataSet?

  @Option(help: help("Images that each worker takes in one step.", of: "--batch-size", "n"))
  package var batchSize: Int?

  @Option(help: help("Side of the images that the network sees.", of: "--input-size", "pixels"))
  package var inputSize: Int?

  @Option(
    help: help("Part of the shorter side that the evaluation crop keeps.", of: "--crop-pct", "part"))
  package var cropPct: Double?

  @Option(
    help: help(
      "How an image that is no square becomes one: its proportions kept and the rest cut off, or all of it squashed.",
      of: "--crop-mode", "mode"))
  package var cropMode: Recipe.CropMode?

  @Option(
    parsing: .upToNextOption,
    help: help("Mean of red, green and blue from 0 to 1, which is taken off.", of: "--mean", "part"))
  package var mean: [Double] = []

  @Option(
    parsing: .upToNextOption,
    help: help("What red, green and blue are divided by after that.", of: "--std", "part"))
  package var std: [Double] = []

  @Flag(
    inversion: .prefixedNo,
    help: help(
      "Go through the images in a random order; without, worker r of W takes r, r+W, r+2W, …", of: "--shuffle"
    ))
  package var shuffle: Bool?

  @Flag(
    inversion: .prefixedNo,
    help: help(
      "Show three changed copies of a third of the images, each to another worker.", of: "--repeated-aug"))
  package var repeatedAug: Bool?

  @Option(
    help: help(
      "How often an epoch shows the images of a class: each once, or as many of each class.", of: "--sampler",
      "kind"))
  package var sampler: Recipe.Sampling?

  @Option(
    help: help(
      "Hold this part of each class out to evaluate on, where --data-path has no val/: the images that dataset split would.",
      of: "--val-split", "part"))
  package var valSplit: Double?

  @Flag(
    inversion: .prefixedNo,
    help: help(
      "Have each host train and evaluate on the shards of a pack that it has, of which it may have a part; without, every host needs "
        + "all of them.", of: "--shards-by-host"))
  package var shardsByHost: Bool?

  package init() {}

  static let rows: [FlagRow] = [
    FlagRow("--data-path", \.images.dataPath, sets: \.data.path, "data.path", evaluates: true),
    FlagRow("--data-set", \.images.dataSet) { $0 == .IMNET ? nil : unread($0) },
    FlagRow(
      "--batch-size", \.images.batchSize, sets: \.data.batchSize, "data.batchSize", .within(batchSizes),
      evaluates: true),
    FlagRow(
      "--input-size", \.images.inputSize, sets: \.data.inputSize, "data.inputSize", .within(inputSizes),
      evaluates: true),
    FlagRow(
      "--crop-pct", \.images.cropPct, sets: \.data.cropPercent, "data.cropPercent", .positive(upTo: 1),
      evaluates: true),
    FlagRow("--crop-mode", \.images.cropMode, sets: \.data.cropMode, "data.cropMode", evaluates: true),
    FlagRow(
      "--mean", \.images.mean.given, sets: \.data.means, "data.means", .colour(0...1), evaluates: true),
    FlagRow(
      "--std", \.images.std.given, sets: \.data.deviations, "data.deviations", .colour(0.001...10),
      evaluates: true),
    FlagRow(
      "--val-split", \.images.valSplit, sets: \.data.heldOut, "data.heldOut", .share, evaluates: true),
    FlagRow(
      "--shards-by-host", \.images.shardsByHost, sets: \.data.shardsByHost, "data.shardsByHost",
      evaluates: true),
    FlagRow("--shuffle", \.images.shuffle, sets: \.data.shuffles, "data.shuffles"),
    FlagRow(
      "--repeated-aug", \.images.repeatedAug, sets: \.data.repeatedAugmentation, "data.repeatedAugmentation"),
    FlagRow(
      "--sampler", \.images.sampler, sets: \.data.sampling, "data.sampling", idle: [.inOrder, .repeated]),
  ]

  private static func unread(_ dataSet: DataSet) -> RecipeError {
    RecipeError(
      "--data-set \(dataSet): this kind of data set is not read. Lay the images out as train/CLASS/IMAGE and "
        + "val/CLASS/IMAGE, and leave the flag away; any number of classes is fine.")
  }
}

/// The values of `--data-set`, as in the reference.
enum DataSet: String, ExpressibleByArgument, CaseIterable, Sendable {
  case IMNET, CIFAR, INAT, INAT19
}
