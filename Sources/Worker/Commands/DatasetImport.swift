import ArgumentParser
import Datasets
import Drawing
import Foundation
import System
import SystemPackage

/// `dataset import SOURCE OUT`: data sets as they are handed out become a folder.
struct DatasetImport: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "import",
    abstract: "Write the images of ILSVRC's or CIFAR's archives, of a WebDataset or of a table as a folder.",
    discussion: """
      SOURCE is told by what it holds:
        a folder with ILSVRC2012_img_train.tar, ILSVRC2012_img_val.tar, the devkit
        one of these two files
        a folder with CIFAR-10's or CIFAR-100's binaries, or their .tar.gz
        a folder with a WebDataset's shards, in train/ and val/ or not; a shard
        a folder that dataset pack wrote, which is unpacked
        a .csv or .tsv of path, class and split, whose first row may name them
      OUT gets train/CLASS/IMAGE and val/CLASS/IMAGE: of a table links, else files, of CIFAR as PNG. Archives, gzipped or not, are read \
      where they lie. An import that was interrupted goes on where it was when the same command is given again. \
      twins-worker dataset pack OUT PACKED makes a few large files of many small ones.
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
      "The MD5 sum that SOURCE, a file, must have; it is read once more for that.", valueName: "hex"))
  var md5: String?

  enum SplitName: String, ExpressibleByArgument { case train, val }

  func validate() throws {
    if let md5, md5.count != 32 || !md5.allSatisfy(\.isHexDigit) {
      throw ValidationError("--md5 \(masked(md5)): an MD5 sum has 32 hexadecimal digits")
    }
    if md5 != nil, Folders.isFolder(source) {
      throw ValidationError("--md5: \(masked(source)) is a folder; name the archive that is to have the sum")
    }
  }

  func run() throws {
    if let md5 {
      try DatasetImporter.require(md5: md5, of: FilePath(source))
      say("MD5 as expected")
    }
    var hints = ImportHints()
    hints.labels = labels.map { FilePath($0) }
    hints.isHeldOut = split == .val
    let importer = try DatasetImporter(FilePath(source), to: FilePath(out), hints)
    say("importing \(importer.sourceName)")
    for flag in idle(importer) {
      Console.warn("warning: \(flag) has no effect on \(importer.sourceName)")
    }
    let folder = try importer.write(isPartial: partial, say)
    for (name, split) in [("train", folder.training), ("val", folder.validation)] where split.images > 0 {
      let there = split.images - split.written
      print(
        "\(name): \(grouped(split.images)) \(noun(split.images, "image")) in \(counted(split.classes, "class", "classes"))"
          + (there > 0 ? ", of which \(grouped(there)) were there" : ""))
    }
    let (unread, replaced) = (folder.unreadable, folder.replaced)
    if unread.count > 0 {
      Console.warn(
        "warning: \(counted(unread.count, "file is no image", "files are no images")) that can be read: \(names(unread)). Training "
          + "leaves such files out or ends at them: remove what is none")
    }
    if replaced.count > 0 {
      Console.warn(
        "warning: \(counted(replaced.count, "file was", "files were")) there in another size, or as another link, and "
          + "\(noun(replaced.count, "was", "were")) replaced: \(names(replaced))")
    }
    print("To look them through: twins-worker dataset scan \(FilePath(out).quoted)")
    if folder.training.images > 0 {
      print(trainingFlags(FilePath(out), hasValidation: folder.validation.images > 0))
    }
  }

  private func idle(_ importer: DatasetImporter) -> [String] {
    [
      ("--labels", labels != nil && !importer.heeded.contains(.labels)),
      ("--split", split != nil && !importer.heeded.contains(.split)),
      ("--partial", partial && !importer.hasKnownSize),
    ].filter(\.1).map(\.0)
  }

  private func names(_ files: ImportedFolder.Named) -> String {
    files.first.map(\.masked).joined(separator: ", ")
      + (files.count > files.first.count ? " and \(files.count - files.first.count) more" : "")
  }

  private func say(_ line: String) { FileHandle.standardError.write(Data("\(line)\n".utf8)) }
}
