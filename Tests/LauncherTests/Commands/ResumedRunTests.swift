import Foundation
import Recipe
import Testing
import TestSupport
import System

@testable import Launcher
@testable import RunControl

/// The command line by which a run goes on.
@Suite struct ResumedRunTests {
  private func record(_ line: String) -> LaunchRecord {
    var record = LaunchRecord(arguments: words(line), output: "/runs/first", workers: 4)
    record.directory = "/home"
    return record
  }

  private func words(_ line: String) -> [String] { line.split(separator: " ").map(String.init) }

  private let recipe = {
    var recipe = Recipe()
    (recipe.data.path, recipe.worldSize) = ("data", 3)
    return recipe
  }()

  private func resumed(
    _ line: String, _ given: String = "", hasCheckpoint: Bool = true, in directory: String = "/home"
  ) -> String {
    ResumedRun(output: "out", record: record(line), recipe: hasCheckpoint ? recipe : nil)
      .arguments(words(given), in: directory).joined(separator: " ")
  }

  static let auto = "--output-dir out --resume auto"

  @Test func `launch flags and those that decide no number are as noted, numbers are the checkpoint's`() {
    let line =
      "--nproc 2 --keep 5 --no-eval --data-path data --lr=1 --scale 0.1 1 --no-aug --recipe small "
      + "--config c.json --transport=ipc --finetune w.pth --output-dir first --model-ema"
    #expect(
      resumed(line) == "--nproc 2 --keep 5 --no-eval --data-path data --transport=ipc \(Self.auto)")
  }

  @Test func `flags that are given now take the place of those that were`() {
    #expect(
      resumed("--nproc-per-node 2 --keep=5 --hang-timeout 9", "--nproc 8 --keep 1 --lr 1")
        == "--hang-timeout 9 \(Self.auto) --nproc 8 --keep 1 --lr 1")
  }

  @Test(arguments: ["--nproc auto", "--nproc=auto", ""])
  func `as many workers as there were`(line: String) {
    #expect(resumed(line) == "\(Self.auto) --nproc 4")
  }

  @Test func `without a checkpoint the run starts as it was started`() {
    let line = "--nproc 2 --lr 1 --finetune w.pth --config c.json"
    #expect(resumed(line, hasCheckpoint: false) == "\(line) \(Self.auto)")
    let other = "--nproc 2 --resume /other/checkpoints/epoch-0003"
    #expect(resumed(other, hasCheckpoint: false) == "\(other) --output-dir out")
  }

  @Test func `relative paths begin where the run was started`() {
    #expect(
      resumed("--nproc 2 --run-dir=mine", in: "/else")
        == "--nproc 2 --run-dir=/home/mine \(Self.auto) --data-path /home/data")
    #expect(
      resumed("--nproc 2 --finetune w.pth --data-path /d", hasCheckpoint: false, in: "/else")
        == "--nproc 2 --finetune /home/w.pth --data-path /d \(Self.auto)")
    #expect(
      resumed("--nproc 2", "--data-path new", in: "/else") == "--nproc 2 \(Self.auto) --data-path new")
  }

  /// The checkpoint may be of a launch before that, from another folder, where its values' paths begin.
  @Test func `the last launch says where the images are, and not the checkpoint`() {
    for directory in ["/home", "/else"] {
      #expect(
        resumed("--nproc 2 --data-path /first/data", in: directory)
          == "--nproc 2 --data-path /first/data \(Self.auto)")
    }
    #expect(
      resumed("--nproc 2 --data-path images", in: "/else")
        == "--nproc 2 --data-path /home/images \(Self.auto)")
  }

  @Test func `what is no path is none elsewhere either, and a home folder is one`() {
    #expect(
      resumed("--nproc 2 --class-weights balanced --data-path /d", hasCheckpoint: false, in: "/else")
        == "--nproc 2 --class-weights balanced --data-path /d \(Self.auto)")
    #expect(
      resumed("--nproc 2 --data-path=~", in: "/else")
        == "--nproc 2 --data-path=\(withHomeFolder("~")) \(Self.auto)")
  }

  @Test func `so do those that the checkpoint's values have`() {
    var recipe = recipe
    (recipe.loss.classWeights, recipe.distillation.teacher) = ("rare.txt", "/runs/first")
    func resumed(_ given: String) -> [String] {
      ResumedRun(output: "out", record: record(""), recipe: recipe).arguments(words(given), in: "/else")
    }
    #expect(resumed("").suffix(4) == ["--data-path", "/home/data", "--class-weights", "/home/rare.txt"])
    #expect(
      resumed("--class-weights own").suffix(4) == ["--data-path", "/home/data", "--class-weights", "own"])
    recipe.loss.classWeights = Recipe.Loss.balanced
    #expect(resumed("").suffix(2) == ["--data-path", "/home/data"])
  }

  @Test func `a library of a device and a key are files like any`() {
    #expect(
      resumed("--nproc 2 --device-library my.so --rdzv-key-file=key", in: "/else")
        == "--nproc 2 --device-library /home/my.so --rdzv-key-file=/home/key \(Self.auto) --data-path /home/data"
    )
  }

  @Test func `which of several hosts this one is has to be said anew`() {
    #expect(
      resumed("--nproc 2 --nnodes 2 --node-rank 0", "--node-rank 1")
        == "--nproc 2 --nnodes 2 \(Self.auto) --node-rank 1")
    #expect(resumed("--nproc 2 --nnodes 2 --node-rank 0") == "--nproc 2 --nnodes 2 \(Self.auto)")
  }

  @Test func `an evaluation of a run writes nothing into it`() {
    #expect(resumed("--nproc 2 --no-eval", "--eval") == "--nproc 2 --resume out --eval")
  }

  @Test func `a run that is not to be evaluated is a training`() {
    #expect(
      resumed("--nproc 2 --finetune w", "--no-eval", hasCheckpoint: false)
        == "--nproc 2 --finetune w \(Self.auto) --no-eval")
  }

  @Test func `a launcher's folder that lies elsewhere is found by the output folder`() throws {
    let folder = try temporaryFolder()
    defer { removeFolder(folder) }
    for place in ["out/run", "apart"] {
      try FileManager.default.createDirectory(
        atPath: "\(folder)/\(place)", withIntermediateDirectories: true)
      #expect(record("--keep 5 --run-dir=\(folder)/apart").write(to: "\(folder)/\(place)") == nil)
    }
    #expect(RunFolder("\(folder)/out")?.launcher == "\(folder)/apart")
    let run = try ResumedRun("\(folder)/out", environment: [:])
    #expect(run.output == "\(folder)/out")
    #expect(run.arguments([], in: "/home").contains("--run-dir=\(folder)/apart"))
  }

  @Test func `a run of one worker without a launcher has the workers of its checkpoint`() {
    let run = ResumedRun(output: "out", record: nil, recipe: recipe)
    #expect(run.arguments(["--keep", "9"], in: "/") == words("\(Self.auto) --nproc 3 --keep 9"))
  }

  @Test func `a run is found by its folders, wherever they were moved`() throws {
    let folder = try temporaryFolder()
    defer { removeFolder(folder) }
    try FileManager.default.createDirectory(
      atPath: "\(folder)/moved/run", withIntermediateDirectories: true)
    #expect(record("--keep 5").write(to: "\(folder)/moved/run") == nil)
    try FileManager.default.createDirectory(
      atPath: "\(folder)/moved/checkpoints", withIntermediateDirectories: false)
    for name in ["\(folder)/moved", "\(folder)/moved/run", "\(folder)/moved/checkpoints"] {
      let run = try ResumedRun(name, environment: [:])
      #expect(run.output == "\(folder)/moved" && run.record == record("--keep 5") && run.recipe == nil)
    }
    #expect(record("--run-dir \(folder)/apart").write(to: "\(folder)/moved/run") == nil)
    #expect(try ResumedRun("\(folder)/moved/run", environment: [:]).output == "/runs/first")
    #expect(throws: LaunchError.self) { try ResumedRun(folder, environment: [:]) }
  }
}
