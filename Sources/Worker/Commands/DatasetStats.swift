import ArgumentParser
import Datasets
import Drawing
import Flags
import Foundation
import Recipe
import System
import SystemPackage

/// `dataset stats FOLDER`: prints statistics of a data set's images.
struct DatasetStats: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "stats",
    abstract: "Measure the images of a folder or pack: sizes, classes, brightness, colours and duplicates.",
    discussion: """
      Every image is decoded once, on all cores. Duplicates have the same bytes; near-duplicates, looked for between val/ and \
      train/, differ in at most 4 of the 64 bits that say what an image looks like (dHash), as copies in another size or \
      compression do: look at them before they are removed. A folder of classes that is not split is looked at as a whole.
      """)

  @Argument(help: "The folder with train/ and val/, or a pack of one.", transform: withHomeFolder)
  var folder: String

  @Option(help: ArgumentHelp("Threads to decode with. (default: the cores)", valueName: "n"))
  var threads: Int?

  @Flag(help: "Print one JSON object.")
  var json = false

  func validate() throws { try Worker.validate(threads, "--threads", in: 1...manyThreads) }

  func run() throws {
    let statistics = try DatasetStatistics(
      measuring: FilePath(folder), threads: threads ?? Processors.usable)
    if json {
      Swift.print(try jsonLine(statistics))
    } else {
      for line in statistics.lines { print(line) }
    }
    if !statistics.problems.isEmpty {
      throw Failure(
        "\(counted(statistics.problems.count, "image")) of \(masked(folder)) cannot be used and \(noun(statistics.problems.count, "is", "are")) not counted: \(statistics.problems[0])",
        exitStatus: .badData)
    }
  }
}
