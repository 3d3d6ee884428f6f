import ArgumentParser
import Datasets
import Flags
import Foundation
import System
import SystemPackage

/// Flags of packing.
struct PackFlags: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Make images smaller whose longer side is longer than that, and keep the others. (default: keep all)",
      valueName: "pixels"))
  var maxSide: Int?

  @Option(help: ArgumentHelp("The quality of JPEGs that --max-side makes.", valueName: "1-100"))
  var quality = Self.usualQuality

  @Option(help: ArgumentHelp("Images in a tar file.", valueName: "n"))
  var shardImages = Self.usualImages

  @Option(help: ArgumentHelp("Threads to pack with. (default: the cores)", valueName: "n"))
  var threads: Int?

  private static let (usualQuality, usualImages) = (92, 1024)

  func validate() throws {
    try Worker.validate(threads, "--threads", in: 1...manyThreads)
    try Worker.validate(maxSide, "--max-side", in: 1...Recompression.largestSide)
    try Worker.validate(quality, "--quality", in: 1...100)
    try Worker.validate(shardImages, "--shard-images", in: 1...1_000_000)
  }

  var recompression: Recompression? { maxSide.map { Recompression(longestSide: $0, quality: quality) } }

  var threadCount: Int { threads ?? Processors.usable }

  /// The flags that were given.
  var given: [String] {
    [
      ("--max-side", maxSide != nil), ("--quality", quality != Self.usualQuality),
      ("--shard-images", shardImages != Self.usualImages), ("--threads", threads != nil),
    ].filter(\.1).map(\.0)
  }

  /// Prints that a shard is done.
  @Sendable static func say(_ split: String, _ shard: Int, of count: Int) {
    FileHandle.standardError.write(Data("\(split): shard \(shard + 1) of \(count)\n".utf8))
  }
}

extension DatasetPacker.Split {
  /// The result of packing, in a line.
  var summary: String {
    "\(name): \(counted(images, "image")) in \(counted(shards, "file"))\(wasThere ? ", which were there" : "")"
  }
}

/// The flags with which to train on a data set.
func trainingFlags(_ folder: FilePath, hasValidation: Bool) -> String {
  "To train on them: --data-path \(folder.quoted)\(hasValidation ? "" : " --val-split 0.2")"
}
