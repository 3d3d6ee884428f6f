import Foundation
import Recipe
import TestSupport
import Testing

@testable import Checkpoint
@testable import Output

@Suite struct PossessionTests {
  private let outer: TemporaryFolder
  private var folder: String { outer.path + "/out" }

  init() throws { outer = try TemporaryFolder() }

  @Test func `a folder has one possessor, who is named`() throws {
    let first = try take()
    for attempt in [{ _ = try take() }, { try Possession.check(folder, anew) }] {
      let refusal = #expect(throws: OutputError.self) { try attempt() }
      #expect(refusal?.exitStatus == .badConfiguration)
      #expect(refusal?.description.contains("(pid 1, run r1, since 20") == true)
    }
    withExtendedLifetime(first) {}
  }

  @Test func `the folder is free when its possessor is gone`() throws {
    for _ in 0..<2 { _ = try take() }
  }

  @Test func `a run is not written over`() throws {
    try writeRun()
    let before = try contents()
    for attempt in [{ _ = try take() }, { try Possession.check(folder, anew) }] {
      let refusal = #expect(throws: OutputError.self) { try attempt() }
      #expect(refusal?.exitStatus == .badConfiguration)
      for part in ["(best Acc@1 43.93 in epoch 2)", "--resume auto", "--output_dir", "--overwrite"] {
        #expect(refusal?.description.contains(part) == true)
      }
    }
    #expect(try contents() == before)
  }

  @Test func `what begins epoch 0 by other weights would write over it too`() throws {
    try writeRun()
    let weights = outer.path + "/w.safetensors"
    try Data().write(to: URL(fileURLWithPath: weights))
    let beginnings = [
      beginning(finetune: weights), beginning(resume: weights),
      beginning(resume: folder + "/best.safetensors"), beginning(resume: outer.path),
    ]
    for beginning in beginnings { #expect(throws: OutputError.self) { try take(beginning) } }
  }

  @Test(arguments: ["auto", "", "/", "/checkpoints", "/checkpoints/../checkpoints/epoch-0002"])
  func `a run goes on`(from place: String) throws {
    try writeRun()
    let before = try contents()
    let run = try take(beginning(resume: place == "auto" ? place : folder + place))
    try run.begin()
    #expect(try contents().subtracting(["run", "run/lock"]) == before)
  }

  /// Whose time and launches are not those of the run that `auto` begins then.
  @Test func `a run whose checkpoints are gone is not gone on with`() throws {
    try writeRun()
    #expect(beginning(resume: "auto").finds(runIn: folder) && beginning(resume: folder).finds(runIn: folder))
    try FileManager.default.removeItem(atPath: folder + "/checkpoints")
    #expect(!beginning(resume: "auto").finds(runIn: folder) && !anew.finds(runIn: folder))
    #expect(beginning(resume: "auto").goesOn(in: folder), "it is not asked for --overwrite")
  }

  @Test func `who finds a run without a checkpoint is not told to go on with it`() throws {
    try write(#"{"test_acc1": 43.93, "epoch": 2}"# + "\n", to: "log.txt")
    try write("weights", to: "best.safetensors")
    let refusal = #expect(throws: OutputError.self) { _ = try take() }
    #expect(refusal?.description.contains("--finetune \(folder)/best.safetensors --output-dir OTHER") == true)
    #expect(refusal?.description.contains("--resume auto") == false)
    try FileManager.default.removeItem(atPath: folder + "/best.safetensors")
    let other = #expect(throws: OutputError.self) { _ = try take() }
    #expect(other?.description.contains("No weights are left of it either.") == true)
    #expect(other?.description.contains("--finetune") == false)
  }

  @Test func `a run's own files are not written over by others, and their likes elsewhere are`() throws {
    try writeRun()
    for name in ["best.safetensors", "log.txt"] {
      #expect(throws: OutputError.self) { try RunFiles.spare("\(folder)/\(name)") }
    }
    try RunFiles.spare("\(folder)/report.html")
    try write("mine", to: "../best.safetensors")
    try RunFiles.spare("\(outer.path)/best.safetensors")
  }

  @Test func `a run is overwritten, and nothing of others`() throws {
    try writeRun()
    let others = ["notes.md", "run/logs/x", "checkpoints/lost+found", "best.safetensors.bak"]
    for name in others { try write("mine", to: name) }
    let run = try take(beginning(overwrites: true))
    #expect(try contents().contains("best.safetensors"), "nothing goes before the run begins")
    try run.begin()
    #expect(try contents() == Set(others + ["run", "run/logs", "run/lock", "checkpoints"]))
  }

  @Test func `evaluations of its weights go with it, and nothing that lies beside them`() throws {
    try writeRun()
    for name in ["by-class.json", "confusion.csv", "misclassified.csv", "mistakes.html", "evaluation.json"] {
      try write("old", to: "best-evaluation/\(name)")
    }
    try write("old", to: "last-evaluation/evaluation.json")
    let others = ["last-evaluation/notes.md", "my-evaluation/confusion.csv"]
    for name in others { try write("mine", to: name) }
    try take(beginning(overwrites: true)).begin()
    #expect(
      try contents() == Set(others + ["last-evaluation", "my-evaluation", "run", "run/lock"]))
  }

  /// A crash in between leaves no run that is done and has no weights.
  @Test func `what tells that a run is done goes before anything else`() throws {
    try writeRun()
    try write("{}", to: "run/journal.jsonl")
    try write("in the way", to: "checkpoints/\(TemporaryName.own.temporaryName(for: "epoch-0002"))/x")
    let run = try take(beginning(overwrites: true))
    #expect(throws: OutputError.self) { try run.begin() }
    let left = try contents()
    #expect(left.contains("best.safetensors") && left.contains("checkpoints/epoch-0002"), "\(left)")
    #expect(left.isDisjoint(with: ["log.txt", "train.jsonl", "run/journal.jsonl"]), "\(left)")
  }

  @Test func `a link to nothing is called that`() throws {
    symlink("/nowhere/else", folder)
    let refusal = #expect(throws: OutputError.self) { _ = try take() }
    #expect(
      refusal?.description.contains("\(folder) is a link to /nowhere/else, and nothing is there") == true,
      "\(String(describing: refusal))")
  }

  @Test func `what a run starts from is not removed by it`() throws {
    try writeRun()
    let before = try contents()
    let inputs = [
      beginning(overwrites: true, resume: "auto"),
      beginning(overwrites: true, resume: folder + "/checkpoints/epoch-0002"),
      beginning(overwrites: true, finetune: folder + "/best.safetensors"),
      beginning(overwrites: true, config: folder + "/recipe.json"),
      beginning(overwrites: true, teacher: folder), beginning(teacher: folder + "/best.safetensors"),
    ]
    for beginning in inputs {
      let refusal = #expect(throws: OutputError.self) { try take(beginning) }
      #expect(refusal?.exitStatus == .usage)
    }
    #expect(try contents() == before)
  }

  @Test func `a check makes nothing, and says where nothing could be made`() throws {
    try Possession.check(folder + "/a/b", anew)
    #expect(!FileManager.default.fileExists(atPath: folder))
    try Data().write(to: URL(fileURLWithPath: folder))
    for place in [folder, folder + "/below"] {
      let refusal = #expect(throws: OutputError.self) { try Possession.check(place, anew) }
      #expect(refusal?.exitStatus == .inputOutput)
      #expect(refusal?.description.contains("cannot write to \(place): ") == true)
    }
  }

  @Test func `a folder that was removed and made anew is taken again`() throws {
    let first = try take()
    try FileManager.default.removeItem(atPath: folder)
    try first.keep()
    #expect(!FileManager.default.fileExists(atPath: folder), "it is not made for the lock's sake")
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
    try first.keep()
    #expect(throws: OutputError.self) { try take() }
    try first.keep()
  }

  @Test func `whoever came first into a folder that was made anew has it`() throws {
    let first = try take()
    try FileManager.default.removeItem(atPath: folder)
    let second = try take()
    for _ in 0..<2 { #expect(throws: OutputError.self) { try first.keep() } }
    withExtendedLifetime(second) {}
  }

  @Test func `a link in the lock's place is not followed`() throws {
    try write("precious", to: "../precious")
    try write("", to: "run/x")
    try FileManager.default.createSymbolicLink(
      atPath: folder + "/run/lock", withDestinationPath: outer.path + "/precious")
    #expect(throws: OutputError.self) { try take() }
    #expect(try String(contentsOfFile: outer.path + "/precious", encoding: .utf8) == "precious")
  }

  private let anew = Beginning(overwrites: false, resume: nil)

  private func beginning(
    overwrites: Bool = false, resume: String? = nil, finetune: String? = nil, config: String? = nil,
    teacher: String? = nil
  ) -> Beginning {
    Beginning(
      overwrites: overwrites, resume: resume,
      inputs: [("--finetune", finetune), ("--config", config), ("--teacher", teacher)])
  }

  private func take(_ beginning: Beginning? = nil) throws -> Possession {
    try Possession(of: folder, beginning: beginning ?? anew, owner: "pid 1, run r1")
  }

  private func writeRun() throws {
    try write(#"{"test_acc1": 43.93, "epoch": 2}"# + "\n", to: "log.txt")
    for name in [
      "best.safetensors", "last.safetensors", "best_ema.safetensors", "last_ema.safetensors", "train.jsonl",
      "train.jsonl.earlier", "recipe.json",
      "checkpoints/epoch-0002/manifest.json", "checkpoints/epoch-0001/state.json",
      "checkpoints/.epoch-0003.1-1.tmp/model.safetensors",
    ] {
      try write("", to: name)
    }
  }

  private func write(_ text: String, to name: String) throws {
    let path = "\(folder)/\(name)"
    try FileManager.default.createDirectory(
      atPath: (path as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
    try text.write(toFile: path, atomically: false, encoding: .utf8)
  }

  private func contents() throws -> Set<String> {
    Set(try FileManager.default.subpathsOfDirectory(atPath: folder))
  }
}
