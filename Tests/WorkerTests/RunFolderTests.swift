import Checkpoint
import Foundation
import Recipe
import TestSupport
import Testing
import Training

@testable import Worker

@Suite struct RunFolderTests {
  private let outer: TemporaryFolder

  init() throws { outer = try TemporaryFolder() }

  @Test func `the folder and those above it are made`() throws {
    let path = outer.path + "/a/b/c"
    let folder = try RunFolder(creating: path)
    var isFolder: ObjCBool = false
    #expect(FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) && isFolder.boolValue)
    #expect(folder.file("log.txt") == path + "/log.txt")
    #expect(folder.checkpoints.folder == path + "/checkpoints")
    _ = try RunFolder(creating: path)
  }

  @Test func `a pipe in the place of a log is refused and not waited for`() throws {
    let run = try RunFolder(creating: outer.path)
    for name in ["log.txt", "train.jsonl", "recipe.json"] { mkfifo(run.file(name), 0o600) }
    let state = TrainingState(epoch: 0, steps: 1, bestAccuracy: 0, classes: [], recipe: Recipe())
    try run.trimLogs(to: state)
    try run.setLogsAside()
    try run.write(Recipe())
    let failure = #expect(throws: Failure.self) { try run.lines("log.txt") }
    #expect(failure?.exitCode == .inputOutput)
    #expect(failure?.description.contains("log.txt: it is a pipe") == true)
  }

  @Test func `best weights from before both were evaluated are named the average's, once`() throws {
    let run = try RunFolder(creating: outer.path)
    let files = ["best.safetensors", "best_ema.safetensors"].map(run.file)
    try "average".write(toFile: files[0], atomically: false, encoding: .utf8)
    run.nameBestAverage()
    #expect(!FileManager.default.fileExists(atPath: files[0]))
    try "own".write(toFile: files[0], atomically: false, encoding: .utf8)
    run.nameBestAverage()
    #expect(try files.map { try String(contentsOfFile: $0, encoding: .utf8) } == ["own", "average"])
  }

  @Test func `a file in the way is refused`() throws {
    let path = outer.path + "/taken"
    try Data().write(to: URL(fileURLWithPath: path))
    for place in [path, path + "/below"] {
      let failure = #expect(throws: Failure.self) { try RunFolder(creating: place) }
      #expect(failure?.exitCode == .inputOutput)
      #expect(
        failure?.description.contains("cannot write to the output folder \(place): Not a directory") == true)
      #expect(failure?.description.contains("--output-dir") == true)
    }
  }

  @Test func `a folder that takes no files is refused`() {
    // Root may write into any folder, but not into this one.
    let failure = #expect(throws: Failure.self) { try RunFolder(creating: "/proc/twins") }
    #expect(failure?.exitCode == .inputOutput)
  }

  @Test func `a log that cannot be opened is named`() throws {
    let folder = try RunFolder(creating: outer.path)
    try FileManager.default.createDirectory(
      atPath: folder.file("log.txt"), withIntermediateDirectories: false)
    let failure = #expect(throws: Failure.self) { try folder.lines("log.txt") }
    #expect(failure?.description.contains("log.txt: Is a directory") == true)
    #expect(failure?.exitCode == .inputOutput)
  }

  @Test func `the recipe can be read back`() throws {
    var recipe = Recipe()
    recipe.data.path = "/pictures/of cats"
    let folder = try RunFolder(creating: outer.path)
    try folder.write(recipe)
    try folder.write(recipe)
    let text = try String(contentsOfFile: folder.file("recipe.json"), encoding: .utf8)
    #expect(text.contains("\"/pictures/of cats\""))
    #expect(try JSONDecoder().decode(Recipe.self, from: Data(text.utf8)) == recipe)
  }

  @Test func `a folder that is gone is made again, with its recipe`() throws {
    let folder = try RunFolder(creating: outer.path + "/a/run")
    try folder.write(Recipe())
    try FileManager.default.removeItem(atPath: outer.path + "/a")
    #expect(folder.isGone)
    try folder.makeAgain(Recipe())
    #expect(!folder.isGone && FileManager.default.fileExists(atPath: folder.file("recipe.json")))
    try FileManager.default.removeItem(atPath: outer.path + "/a")
    try Data().write(to: URL(fileURLWithPath: outer.path + "/a"))
    let failure = #expect(throws: Failure.self) { try folder.makeAgain(Recipe()) }
    #expect(failure?.exitCode == .inputOutput)
  }

  @Test func `a recipe that cannot be written is an error`() throws {
    let folder = try RunFolder(creating: outer.path)
    try FileManager.default.createDirectory(
      atPath: folder.file("recipe.json") + "/x", withIntermediateDirectories: true)
    #expect(throws: Failure.self) { try folder.write(Recipe()) }
  }
}
