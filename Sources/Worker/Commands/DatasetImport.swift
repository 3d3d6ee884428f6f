import ArgumentParser
import Datasets
import Drawing
import Foundation
import System
import SystemPackage

/// `dataset import SOURCE OUT`: converts published data sets to a folder.
struct DatasetImport: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "import",
    abstract:
      "Write the images of ILSVRC's or CIFAR's archives, of a WebDataset or of a table as a folder, or pack them.",
    usage: "twins-worker dataset import SOURCE OUT [flags]",
    discussion: """
      SOURCE is told by what it holds:
        a folder with ILSVRC2012_img_train.tar, ILSVRC2012_img_val.tar, the devkit
        one of these two files
        a folder with CIFAR-10's or CIFAR-100's binaries, or their .tar.gz
        a folder with a WebDataset's shards, in train/ and validation/ or not; a shard
        a folder that dataset pack wrote, which is unpacked
        a .csv or .tsv of path, class and split, whose first row may name them
      OUT gets train/CLASS/IMAGE and val/CLASS/IMAGE: of a table links, else files, of CIFAR as PNG; with --shards, the files \
      that dataset pack would make of these, at once. Archives, gzipped or not, are read where \
      they lie; of a gzipped one nothing is written before all of it was found to be whole. An import that was interrupted goes on where it \
      was when the same command is given again.
      """)

  @Argument(help: "What to import.", transform: withHomeFolder)
  var source: String

  @Argument(help: "The folder to make, or to add to.", transform: withHomeFolder)
  var out: String

  @Option(
    help: ArgumentHelp(
      "The classes of ILSVRC's validation images: the devkit (archive or folder), or a list with a synset an image. (default: what "
        + "lies beside the archive)", valueName: "file"),
    transform: withHomeFolder)
  var labels: String?

  @Option(
    help: ArgumentHelp(
      "Where images belong of which the source does not say it. (default: train)", valueName: "train|val"))
  var split: SplitName?

  @Flag(help: "Take an archive of ILSVRC or CIFAR that has not all images.")
  var partial = false

  @Option(
    help: ArgumentHelp(
      "The MD5 sum that SOURCE, a file, must have, or a file in that folder; it is read once more for that. For several files again.",
      valueName: "[file=]hex"),
    transform: ExpectedSum.parsed)
  var md5: [ExpectedSum] = []

  @Flag(
    help: "Pack the images: a few large files, which training takes like the folder that they would come to.")
  var shards = false

  @OptionGroup(title: "With --shards") var packing: PackFlags

  enum SplitName: String, ExpressibleByArgument { case train, val }

  func validate() throws {
    let isFolder = Folders.isFolder(source)
    for sum in md5 where sum.file == nil {
      if isFolder {
        throw ValidationError(
          "--md5 \(sum.digits): \(masked(source)) is a folder; say of which file: --md5 FILE=\(sum.digits)")
      }
      if md5.count > 1 {
        throw ValidationError(
          "--md5 \(sum.digits): of several sums, say of which file each is: --md5 FILE=HEX")
      }
    }
  }

  func run() throws {
    for sum in md5 {
      let file = sum.path(in: FilePath(source))
      try DatasetImporter.require(md5: sum.digits, of: file)
      say("\(file.masked): MD5 as expected")
    }
    var hints = ImportHints()
    hints.labels = labels.map { FilePath($0) }
    hints.isHeldOut = split == .val
    let importer = try DatasetImporter(FilePath(source), to: FilePath(out), hints)
    say("importing \(importer.sourceName)")
    for flag in idle(importer) {
      Console.warn("warning: \(flag) has no effect on \(importer.sourceName)")
    }
    for flag in shards ? [] : packing.given {
      Console.warn("warning: \(flag) has no effect without --shards")
    }
    let (tally, splits) = try imported(by: importer)
    for split in splits { print(split) }
    warn(of: tally)
    let folder = FilePath(out)
    print("To look them through: twins-worker dataset scan \(scanned(folder).quoted)")
    if tally.training.images > 0 {
      print(trainingFlags(folder, hasValidation: ImageFolderPair.hasValidation(folder)))
    }
  }

  /// The argument for a scan: for a data set with one split, the folder of its classes.
  private func scanned(_ folder: FilePath) -> FilePath {
    let splits = [ImageFolderPair.splits.training, ImageFolderPair.splits.validation].map {
      folder.appending($0)
    }
    .filter { Folders.isFolder($0) }
    return splits.count == 1 ? splits[0] : folder
  }

  /// Imports and returns the tally, and a line for each split.
  private func imported(by importer: DatasetImporter) throws -> (ImportTally, [String]) {
    if shards {
      let (tally, splits) = try importer.pack(
        imagesPerShard: packing.shardImages, recompression: packing.recompression, isPartial: partial,
        threads: packing.threadCount, say, progress: PackFlags.say)
      return (tally, splits.map(\.summary))
    }
    let tally = try importer.write(isPartial: partial, say)
    let splits = [("train", tally.training), ("val", tally.validation)].filter { $0.1.images > 0 }
    return (
      tally,
      splits.map { name, split in
        let there = split.images - split.written
        return
          "\(name): \(grouped(split.images)) \(noun(split.images, "image")) in \(counted(split.classes, "class", "classes"))"
          + (there > 0 ? ", of which \(grouped(there)) were there" : "")
      }
    )
  }

  private func warn(of tally: ImportTally) {
    let (unread, replaced) = (tally.unreadable, tally.replaced)
    if unread.count > 0 {
      Console.warn(
        "warning: \(counted(unread.count, "file is no image", "files are no images")) that can be read: \(names(unread)). "
          + (shards
            ? "\(noun(unread.count, "It was", "They were")) left out of the pack"
            : "Training leaves such files out or ends at them: remove what is none"))
    }
    if replaced.count > 0 {
      Console.warn(
        "warning: \(counted(replaced.count, "file was", "files were")) there in another size, or as another link, and "
          + "\(noun(replaced.count, "was", "were")) replaced: \(names(replaced))")
    }
  }

  private func idle(_ importer: DatasetImporter) -> [String] {
    [
      ("--labels", labels != nil && !importer.heeded.contains(.labels)),
      ("--split", split != nil && !importer.heeded.contains(.split)),
      ("--partial", partial && !importer.hasKnownSize),
    ].filter(\.1).map(\.0)
  }

  private func names(_ files: ImportTally.Named) -> String {
    files.first.map(\.masked).joined(separator: ", ")
      + (files.count > files.first.count ? " and \(files.count - files.first.count) more" : "")
  }

  private func say(_ line: String) { FileHandle.standardError.write(Data("\(line)\n".utf8)) }
}
