import Checkpoint
import Foundation
import Recipe
import RunControl
import TestSupport
import Testing
import Training
import WorkerLink

@testable import Worker

@Suite struct OutputFolderTests {
  private let outer: TemporaryFolder

  init() throws { outer = try TemporaryFolder() }

  /// It learnt something, which the run that begins in its place may not.
  @Test func `weights of a run that cannot go on keep another name`() throws {
    let folder = try TemporaryFolder()
    let run = try OutputFolder(creating: folder.path + "/run")
    for text in ["first", "second"] {
      try Data(text.utf8).write(to: URL(fileURLWithPath: run.file("best.safetensors")))
      try run.setWeightsAside()
    }
    try run.setWeightsAside()
    let names = try FileManager.default.contentsOfDirectory(atPath: run.path)
    #expect(Set(names) == ["earlier-1-best.safetensors", "earlier-2-best.safetensors"])
    #expect(try String(contentsOfFile: run.file("earlier-1-best.safetensors"), encoding: .utf8) == "first")
  }

  /// As where a full disk had room for them and for no checkpoint.
  @Test func `what a run had learnt after the checkpoint that it goes on from is kept`() throws {
    let run = try OutputFolder(creating: outer.path)
    let bytes: [UInt8] = [0, 0, 0, 0]
    for (name, epoch) in [("best", 3), ("last", 5), ("best_ema", 0)] {
      try bytes.withUnsafeBytes {
        try Safetensors.write(
          [TensorView(name: "w", type: .float32, shape: [1], bytes: $0)], metadata: ["epoch": "\(epoch)"],
          to: run.file("\(name).safetensors"))
      }
    }
    let lines = (0..<3).map { #"{"epoch": \#($0), "test_acc1": 1}"# + "\n" }
    try lines.joined().write(toFile: run.file("log.txt"), atomically: false, encoding: .utf8)
    let state = TrainingState(epoch: 0, steps: 6, bestAccuracy: 0, classes: [], recipe: Recipe())
    #expect(try run.setWeightsAside(after: state))
    try run.trimLogs(to: state, keepingOthers: true)
    #expect(try run.setWeightsAside(after: state) == false)
    let names = try FileManager.default.contentsOfDirectory(atPath: run.path)
    #expect(
      Set(names) == [
        "earlier-1-best.safetensors", "earlier-1-last.safetensors", "best_ema.safetensors", "log.txt",
        "log.txt.earlier",
      ])
    #expect(try String(contentsOfFile: run.file("log.txt"), encoding: .utf8) == lines[0])
    #expect(try String(contentsOfFile: run.file("log.txt.earlier"), encoding: .utf8) == lines[1] + lines[2])
  }

  @Test func `the folder and those above it are made`() throws {
    let path = outer.path + "/a/b/c"
    let folder = try OutputFolder(creating: path)
    var isFolder: ObjCBool = false
    #expect(FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) && isFolder.boolValue)
    #expect(folder.file("log.txt") == path + "/log.txt")
    #expect(folder.checkpoints.folder == path + "/checkpoints")
    _ = try OutputFolder(creating: path)
  }

  @Test func `a pipe in the place of a log is refused and not waited for`() throws {
    let run = try OutputFolder(creating: outer.path)
    for name in ["log.txt", "train.jsonl", "recipe.json"] { mkfifo(run.file(name), 0o600) }
    let state = TrainingState(epoch: 0, steps: 1, bestAccuracy: 0, classes: [], recipe: Recipe())
    try run.trimLogs(to: state)
    try run.setLogsAside()
    try run.write(Recipe())
    let failure = #expect(throws: Failure.self) { try run.lines("log.txt") }
    #expect(failure?.exitStatus == .inputOutput)
    #expect(failure?.description.contains("log.txt: it is a pipe") == true)
  }

  @Test func `best weights from before both were evaluated are named the average's, once`() throws {
    let run = try OutputFolder(creating: outer.path)
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
      let failure = #expect(throws: Failure.self) { try OutputFolder(creating: place) }
      #expect(failure?.exitStatus == .inputOutput)
      #expect(
        failure?.description.contains("cannot write to the output folder \(place): Not a directory") == true)
      #expect(failure?.description.contains("--output-dir") == true)
    }
  }

  @Test func `a folder that takes no files is refused`() {
    // Root may write into any folder, but not into this one.
    let failure = #expect(throws: Failure.self) { try OutputFolder(creating: "/proc/twins") }
    #expect(failure?.exitStatus == .inputOutput)
  }

  @Test func `a log that cannot be opened is named`() throws {
    let folder = try OutputFolder(creating: outer.path)
    try FileManager.default.createDirectory(
      atPath: folder.file("log.txt"), withIntermediateDirectories: false)
    let failure = #expect(throws: Failure.self) { try folder.lines("log.txt") }
    #expect(failure?.description.contains("log.txt: Is a directory") == true)
    #expect(failure?.exitStatus == .inputOutput)
  }

  @Test func `the recipe can be read back`() throws {
    var recipe = Recipe()
    recipe.data.path = "/images/of cats"
    let folder = try OutputFolder(creating: outer.path)
    try folder.write(recipe)
    try folder.write(recipe)
    let text = try String(contentsOfFile: folder.file("recipe.json"), encoding: .utf8)
    #expect(text.contains("\"/images/of cats\""))
    #expect(try JSONDecoder().decode(Recipe.self, from: Data(text.utf8)) == recipe)
  }

  @Test func `a folder that is gone is made again, with its recipe`() throws {
    let folder = try OutputFolder(creating: outer.path + "/a/run")
    try folder.write(Recipe())
    try FileManager.default.removeItem(atPath: outer.path + "/a")
    #expect(folder.isGone)
    try folder.makeAgain(Recipe())
    #expect(!folder.isGone && FileManager.default.fileExists(atPath: folder.file("recipe.json")))
    try FileManager.default.removeItem(atPath: outer.path + "/a")
    try Data().write(to: URL(fileURLWithPath: outer.path + "/a"))
    let failure = #expect(throws: Failure.self) { try folder.makeAgain(Recipe()) }
    #expect(failure?.exitStatus == .inputOutput)
  }

  @Test func `figures that cannot be set aside end no run`() throws {
    let folder = try OutputFolder(creating: outer.path)
    try "epoch\n0\n".write(toFile: folder.file("summary.csv"), atomically: false, encoding: .utf8)
    let earlier = folder.file("summary.csv.earlier")
    try FileManager.default.createDirectory(atPath: earlier, withIntermediateDirectories: false)
    folder.setViewsAside()
    #expect(try String(contentsOfFile: folder.file("summary.csv"), encoding: .utf8) == "epoch\n0\n")
    try FileManager.default.removeItem(atPath: earlier)
    folder.setViewsAside()
    #expect(try String(contentsOfFile: earlier, encoding: .utf8) == "epoch\n0\n")
  }

  @Test func `a recipe that cannot be written is an error`() throws {
    let folder = try OutputFolder(creating: outer.path)
    try FileManager.default.createDirectory(
      atPath: folder.file("recipe.json") + "/x", withIntermediateDirectories: true)
    #expect(throws: Failure.self) { try folder.write(Recipe()) }
  }
}

@Suite struct LogTrimTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func trimmed(_ name: String, _ text: String, epoch: Int, after step: Int?) throws -> String {
    let run = try OutputFolder(creating: folder.path)
    try Data(text.utf8).write(to: URL(fileURLWithPath: run.file(name)))
    try run.trimLogs(to: state(epoch: epoch, after: step))
    return try String(contentsOfFile: run.file(name), encoding: .utf8)
  }

  private func state(epoch: Int, after step: Int?) -> TrainingState {
    TrainingState(
      epoch: epoch, steps: 5, bestAccuracy: 0, classes: [], recipe: Recipe(),
      partial: step.map { PartialEpoch(steps: $0) })
  }

  private func line(_ epoch: Int, _ step: Int, _ part: Int) -> String {
    "{\"epoch\": \(epoch), \"step\": \(step), \"epoch_step\": \(part), \"loss\": 1.25}\n"
  }

  @Test func `steps after the checkpoint go`() throws {
    let (a, b, c, d) = (line(0, 4, 4), line(1, 5, 1), line(1, 5, 2), line(2, 6, 1))
    #expect(try trimmed("train.jsonl", a + b + c + d, epoch: 1, after: 1) == a + b)
    #expect(try trimmed("train.jsonl", a + b + c + d, epoch: 1, after: nil) == a + b + c)
    #expect(try trimmed("train.jsonl", a + b, epoch: 1, after: 0) == a)
  }

  @Test func `what an epoch came to by classes goes with it`() throws {
    let run = try OutputFolder(creating: folder.path)
    let path = run.file(RunLayout.classes)
    var note = EvaluationNote(
      images: 1, classCount: 1, classes: [], neverPredictedCount: 0, neverPredicted: [], confusions: [],
      confusion: nil, mistakes: [])
    note.epoch = 3
    for (epoch, step, stays) in [(3, nil, true), (4, 2, true), (3, 9, false), (2, nil, false)] {
      try note.write(to: path)
      try run.trimLogs(to: state(epoch: epoch, after: step))
      #expect(FileManager.default.fileExists(atPath: path) == stays, "epoch \(epoch), step \(step ?? -1)")
    }
    try note.write(to: path)
    run.setViewsAside()
    #expect(!FileManager.default.fileExists(atPath: path), "another run begins")
  }

  @Test func `half a line goes, and lines of older programs are told by their updates`() throws {
    let old = ["{\"epoch\": 1, \"step\": 5}\n", "{\"epoch\": 1, \"step\": 6}\n"]
    #expect(try trimmed("train.jsonl", old[0] + old[1] + "{\"epoch\": 1, \"st", epoch: 1, after: 2) == old[0])
  }

  @Test func `an epoch's line stays once the epoch is done`() throws {
    let lines = (0...2).map {
      "{\"train_lr\": 0.5, \"test_loss\": null, \"epoch\": \($0), \"n_parameters\": 3}\n"
    }
    #expect(try trimmed("log.txt", lines.joined(), epoch: 1, after: nil) == lines[0] + lines[1])
    #expect(try trimmed("log.txt", lines.joined(), epoch: 1, after: 9) == lines[0])
  }

  @Test func `lines of a run before this one stay`() throws {
    let earlier = line(0, 1, 1) + line(3, 7, 1) + line(0, 1, 1) + line(5, 9, 1)
    let (kept, dropped) = (line(0, 1, 1) + line(1, 2, 1), line(2, 3, 1))
    for name in ["train.jsonl", "log.txt"] {
      #expect(try trimmed(name, earlier + kept + dropped, epoch: 1, after: nil) == earlier + kept)
    }
  }

  @Test func `the lines of runs that left no state are kept apart`() throws {
    let run = try OutputFolder(creating: folder.path)
    try run.setLogsAside()
    for number in 1...2 {
      try Data(line(0, number, 1).utf8).write(to: URL(fileURLWithPath: run.file("log.txt")))
      try run.setLogsAside()
      #expect(try Data(contentsOf: URL(fileURLWithPath: run.file("log.txt"))).isEmpty)
    }
    let earlier = try String(contentsOfFile: run.file("log.txt.earlier"), encoding: .utf8)
    #expect(earlier == line(0, 1, 1) + line(0, 2, 1))
    #expect(access(run.file("train.jsonl.earlier"), F_OK) != 0)
  }

  @Test func `files that are not there stay so`() throws {
    _ = try trimmed("log.txt", "", epoch: 0, after: 1)
    #expect(!FileManager.default.fileExists(atPath: folder.path + "/train.jsonl"))
  }
}
