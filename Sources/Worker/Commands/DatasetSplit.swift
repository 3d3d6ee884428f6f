import ArgumentParser
import Datasets
import Drawing
import Flags
import Foundation
import System
import SystemPackage

/// `dataset split FOLDER OUT`: holds out some images for validation.
struct DatasetSplit: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "split",
    abstract: "Divide a folder of classes into train/ and val/, by links to its images.",
    usage: "twins-worker dataset split FOLDER OUT [--val PART] [flags]",
    discussion: """
      FOLDER has CLASS/IMAGE. OUT/val gets the same share of each class, at least one image, and OUT/train the others. The same \
      images are held out each time, wherever the folder lies; --seed holds out others.
      Images that belong together, as all of a patient, stay together where --group-by tells them by their paths below their class:
        twins-worker dataset split scans/ scans-split/ --group-by '^(patient[0-9]+)_'
      """)

  @Argument(help: "The folder with a folder for each class.", transform: withHomeFolder)
  var folder: String

  @Argument(help: "The folder to make.", transform: withHomeFolder)
  var out: String

  @Option(help: ArgumentHelp("The part of the images that val/ gets.", valueName: "part"))
  var val = 0.2

  @Option(help: ArgumentHelp("Where all chance comes from.", valueName: "number"))
  var seed: UInt64 = 0

  @Option(
    help: ArgumentHelp(
      "A regular expression whose first group, or whole match, names the images that stay together. (default: each on its own)",
      valueName: "pattern"))
  var groupBy: String?

  func validate() throws {
    guard val > 0, val < 1 else { throw ValidationError("--val \(val): must be above 0 and below 1") }
    _ = try pattern()
  }

  func run() throws {
    let splitter = FolderSplitter(
      FilePath(folder), to: FilePath(out), share: val, seed: seed, groups: try pattern())
    let outcome = try splitter.split()
    for line in table(outcome.classes) { print(line) }
    print("")
    if let groups = outcome.groups {
      print("\(grouped(groups)) \(noun(groups, "group")), none of them divided")
    }
    print("by \(links(outcome)); the images' files are in \(masked(folder))")
    print("To train on them: --data-path \(FilePath(out).quoted)")
  }

  private func pattern() throws -> GroupPattern? {
    do {
      return try groupBy.map(GroupPattern.init)
    } catch {
      throw ValidationError("--group-by \(masked(groupBy ?? "")): no regular expression: \(error)")
    }
  }

  private func table(_ classes: [FolderSplitter.Outcome.Row]) -> [String] {
    let all = (images: classes.map(\.images).reduce(0, +), heldOut: classes.map(\.heldOut).reduce(0, +))
    let rows =
      classes.map { row($0.name.description, $0.images, $0.heldOut) } + [row("all", all.images, all.heldOut)]
    return columns([["class", "images", "train", "val", "held out"]] + rows, rightAligned: [1, 2, 3, 4])
  }

  private func row(_ name: String, _ images: Int, _ heldOut: Int) -> [String] {
    let share = 100 * Double(heldOut) / Double(max(1, images))
    return [name, "\(images)", "\(images - heldOut)", "\(heldOut)", "\(decimal(share, 1)) %"]
  }

  private func links(_ outcome: FolderSplitter.Outcome) -> String {
    let all = outcome.classes.map(\.images).reduce(0, +)
    switch outcome.symbolicLinks {
    case 0: return "hard links"
    case all: return "symbolic links, since no hard ones can be made"
    default: return "hard links, \(outcome.symbolicLinks) of them symbolic since no hard ones can be made"
    }
  }
}
