import ArgumentParser
import Datasets
import System
import SystemPackage

/// `dataset pack FOLDER OUT`: packs many files into a few.
struct DatasetPack: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "pack",
    abstract: "Pack a folder of images into a few large files, which training takes like that folder.",
    usage: "twins-worker dataset pack FOLDER OUT [flags]",
    discussion: """
      OUT/train and OUT/val get tar files that WebDataset reads too, and an index of them. Packed as they are, the images \
      train to the same weights as the folder, to the bit. A packing that was interrupted goes on where it was when the same \
      command is given again; twins-worker dataset scan OUT checks what was written. Whether images of FOLDER have changed since under the same \
      names is not looked at: remove OUT to pack them anew.
      """)

  @Argument(help: "The folder with train/ and val/, or with train/ alone.", transform: withHomeFolder)
  var folder: String

  @Argument(help: "The folder to make.", transform: withHomeFolder)
  var out: String

  @OptionGroup var flags: PackFlags

  func run() throws {
    let packer = DatasetPacker(
      FilePath(folder), to: FilePath(out), imagesPerShard: flags.shardImages,
      recompression: flags.recompression)
    let splits = try packer.pack(threads: flags.threadCount, progress: PackFlags.say)
    for split in splits { print(split.summary) }
    print(trainingFlags(FilePath(out), hasValidation: splits.contains { $0.name == "val" }))
  }
}
