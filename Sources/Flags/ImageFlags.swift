package import ArgumentParser
import Recipe
import System

/// Which images, how many at once, and at what size.
package struct ImageFlags: ParsableArguments {
  @Option(
    help: ArgumentHelp("Folder with train/CLASS/IMAGE and val/CLASS/IMAGE.", valueName: "dir"),
    transform: withHomeFolder)
  package var dataPath: String?

  @Option(
    help: help(
      "Kind of data set; folders of classes, as ImageNet is laid out, are the one kind there is.", "IMNET"))
  var dataSet: DataSet?

  @Option(help: help("Images that each worker takes in one step.", reference.data.batchSize, "n"))
  package var batchSize: Int?

  @Option(help: help("Side of the images that the network sees.", reference.data.inputSize, "pixels"))
  package var inputSize: Int?

  @Option(
    help: help("Part of the shorter side that the evaluation crop keeps.", reference.data.cropPercent, "part")
  )
  package var cropPct: Double?

  @Flag(
    inversion: .prefixedNo,
    help:
      "Go through the images in a random order; without, worker r of W takes r, r+W, r+2W, … (default: --shuffle)"
  )
  package var shuffle: Bool?

  @Flag(
    inversion: .prefixedNo,
    help: help(
      "Show three changed copies of a third of the images, each to another worker.", "--no-repeated-aug"))
  package var repeatedAug: Bool?

  package init() {}

  func settle(_ settings: inout Settings) throws(RecipeError) {
    try settings.take(dataPath, "--data-path", into: \.data.path, "data.path")
    try checkDataSet()
    try settings.take(
      batchSize, "--batch-size", into: \.data.batchSize, "data.batchSize", in: 1...65_536)
    try settings.take(
      inputSize, "--input-size", into: \.data.inputSize, "data.inputSize", in: inputSizes)
    try settings.take(
      cropPct, "--crop-pct", into: \.data.cropPercent, "data.cropPercent", "above 0, at most 1"
    ) { $0 > 0 && $0 <= 1 }
    try settings.take(
      shuffle, shuffle == true ? "--shuffle" : "--no-shuffle", into: \.data.shuffles, "data.shuffles")
    try settings.take(
      repeatedAug, repeatedAug == true ? "--repeated-aug" : "--no-repeated-aug",
      into: \.data.repeatedAugmentation, "data.repeatedAugmentation")
  }

  private func checkDataSet() throws(RecipeError) {
    guard let dataSet, dataSet != .IMNET else { return }
    throw RecipeError(
      "--data-set \(dataSet): this kind of data set is not read. Lay the images out as train/CLASS/IMAGE and "
        + "val/CLASS/IMAGE, and leave the flag away; any number of classes is fine.")
  }
}

/// `--data-set`: the reference's words.
enum DataSet: String, ExpressibleByArgument, CaseIterable, Sendable {
  case IMNET, CIFAR, INAT, INAT19
}
