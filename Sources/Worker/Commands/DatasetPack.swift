import ArgumentParser
import Datasets
import Flags
import Foundation
import System
import SystemPackage

/// `dataset pack FOLDER OUT`: many files become a few.
struct DatasetPack: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "pack",
    abstract: "Pack a folder of images into a few large files, which training takes like that folder.",
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

  @Option(
    help: ArgumentHelp(
      "Make images smaller whose longer side is longer than that, and keep the others. (default: keep all)",
      valueName: "pixels"))
  var maxSide: Int?

  @Option(help: ArgumentHelp("The quality of JPEGs that --max-side makes.", valueName: "1-100"))
  var quality = 92

  @Option(help: ArgumentHelp("Images in a tar file.", valueName: "n"))
  var shardImages = 1024

  @Option(help: ArgumentHelp("Threads to pack with. (default: the cores)", valueName: "n"))
  var threads: Int?

  func validate() throws {
    try Worker.validate(threads, "--threads", in: 1...manyThreads)
    try Worker.validate(maxSide, "--max-side", in: 1...Recompression.largestSide)
    try Worker.validate(quality, "--quality", in: 1...100)
    try Worker.validate(shardImages, "--shard-images", in: 1...1_000_000)
  }

  func run() throws {
    let packer = DatasetPacker(
      FilePath(folder), to: FilePath(out), imagesPerShard: shardImages,
      recompression: maxSide.map { Recompression(longestSide: $0, quality: quality) })
    let splits = try packer.pack(threads: threads ?? Processors.usable) { split, shard, count in
      FileHandle.standardError.write(Data("\(split): shard \(shard + 1) of \(count)\n".utf8))
    }
    for split in splits {
      let size = "\(counted(split.images, "image")) in \(counted(split.shards, "file"))"
      print("\(split.name): \(size)\(split.wasThere ? ", which were there" : "")")
    }
    print(trainingFlags(FilePath(out), hasValidation: splits.contains { $0.name == "val" }))
  }
}

/// With which flags a training takes a data set.
func trainingFlags(_ folder: FilePath, hasValidation: Bool) -> String {
  "To train on them: --data-path \(folder.quoted)\(hasValidation ? "" : " --val-split 0.2")"
}
