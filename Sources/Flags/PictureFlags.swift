package import ArgumentParser
import Recipe

/// Which pictures, how many at once, and how they are cut.
package struct PictureFlags: ParsableArguments {
  @Option(help: ArgumentHelp("Folder with train/CLASS/PICTURE and val/CLASS/PICTURE.", valueName: "dir"))
  package var dataPath: String

  @Option(help: ArgumentHelp("Pictures that each worker takes in one step.", valueName: "n"))
  package var batchSize = reference.data.batchSize

  @Option(help: ArgumentHelp("Side of the pictures that the network sees.", valueName: "pixels"))
  package var inputSize = reference.data.inputSize

  @Option(
    parsing: .upToNextOption,
    help: ArgumentHelp("Least and most of a picture's area that a random crop keeps.", valueName: "part"))
  package var scale = reference.data.cropScale

  @Option(
    parsing: .upToNextOption,
    help: ArgumentHelp("Narrowest and widest random crop, width over height.", valueName: "ratio"))
  package var ratio = reference.data.cropRatio

  @Option(help: ArgumentHelp("Chance of a horizontal flip.", valueName: "chance"))
  package var hflip = reference.data.flip

  @Option(help: ArgumentHelp("Part of the shorter side that the evaluation crop keeps.", valueName: "part"))
  package var cropPct = reference.data.cropPercent

  @Flag(help: "Give training pictures the evaluation transform: no random crop, no flip.")
  package var noAug = false

  @Flag(help: "Keep the folder's order; worker r of W takes pictures r, r+W, r+2W, …")
  package var noShuffle = false

  package init() {}

  /// The recipe's part; throws when a value is out of range.
  func pictures() throws(RecipeError) -> Recipe.Pictures {
    try check()
    var pictures = Recipe.Pictures()
    pictures.path = dataPath
    pictures.batchSize = batchSize
    pictures.inputSize = inputSize
    pictures.cropScale = scale
    pictures.cropRatio = ratio
    pictures.flip = hflip
    pictures.cropPercent = cropPct
    pictures.augments = !noAug
    pictures.shuffles = !noShuffle
    return pictures
  }

  private func check() throws(RecipeError) {
    try require(batchSize >= 1, "--batch-size", batchSize, "at least 1")
    try require(inputSize >= 32, "--input-size", inputSize, "at least 32")
    try require(isRising(scale) && scale[1] <= 1, "--scale", scale, "two rising numbers above 0, at most 1")
    try require(isRising(ratio), "--ratio", ratio, "two rising numbers above 0")
    try require((0...1).contains(hflip), "--hflip", hflip, "from 0 to 1")
    try require(cropPct > 0 && cropPct <= 1, "--crop-pct", cropPct, "above 0, at most 1")
  }

  private func isRising(_ pair: [Double]) -> Bool {
    pair.count == 2 && pair[0] > 0 && pair[0] <= pair[1] && pair[1].isFinite
  }

  /// Flags for random crops and flips that differ from their defaults.
  var changedAugmentation: [String] {
    changed([
      ("--scale", scale != reference.data.cropScale), ("--ratio", ratio != reference.data.cropRatio),
      ("--hflip", hflip != reference.data.flip),
    ])
  }
}
