import Foundation
import Testing

extension EndToEnd {
  /// Somebody tidies up while a run writes.
  @Suite struct VanishedFolderTests {
    let place: Workplace

    init() throws { place = try Workplace() }

    @Test func `a folder that is removed costs a run nothing that it still has`() throws {
      #expect(try launch("whole").finish().status == Status.done)
      let run = try launch("out")
      try run.read(to: "Epoch: [1]  [ 2/15]")
      // As a user does it: what the run makes meanwhile is no error.
      try Process.run(URL(fileURLWithPath: "/bin/rm"), arguments: ["-rf", place.output("out")])
        .waitUntilExit()
      let end = try run.finish()
      #expect(end.status == Status.done, "\(end.errors)")
      #expect(end.errors.contains("train.jsonl was removed or moved"), "\(end.errors)")
      let (whole, files) = (
        RunFiles(folder: place.output("whole")), RunFiles(folder: place.output("out"))
      )
      for name in ["last.safetensors", "log.txt", "recipe.json"] {
        #expect(try files.bytes(name).count > 0)
        if name != "recipe.json" { #expect(try files.bytes(name) == whole.bytes(name), "\(name) differs") }
      }
      #expect(try files.steps() == whole.steps())
      #expect(try files.names("checkpoints").contains("epoch-0001"))
    }

    @Test func `a run whose folder was moved away and that is stopped can be gone on with`() throws {
      #expect(try launch("whole").finish().status == Status.done)
      let run = try launch("out")
      try run.read(to: "Epoch: [1]  [ 2/15]")
      try FileManager.default.moveItem(atPath: place.output("out"), toPath: place.output("moved"))
      run.send(SIGTERM)
      let end = try run.finish()
      #expect(end.status == Status.stoppedEarly, "\(end.errors)")
      let resumed = try launch("out", "--resume", "auto").finish()
      #expect(resumed.status == Status.done, "\(resumed.errors)")
      let whole = try RunFiles(folder: place.output("whole")).bytes("last.safetensors")
      #expect(try RunFiles(folder: place.output("out")).bytes("last.safetensors") == whole)
    }

    @Test func `a stop whose checkpoint is nowhere is no stop to go on from`() throws {
      let run = try launch("out")
      try run.read(to: "Epoch: [1]  [ 2/15]")
      try replaceByFile(place.output("out"))
      run.send(SIGTERM)
      let end = try run.finish()
      #expect(end.status == Status.inputOutput, "\(end.errors)")
      #expect(end.errors.contains("there is no earlier one in \(place.output("out"))"), "\(end.errors)")
    }

    /// The run may make its folder again in between.
    private func replaceByFile(_ path: String) throws {
      var number = 0
      while FileManager.default.fileExists(atPath: path + "/.") || number == 0 {
        try? FileManager.default.moveItem(atPath: path, toPath: "\(path)-\(number)")
        try? Data().write(to: URL(fileURLWithPath: path), options: .withoutOverwriting)
        number += 1
      }
    }

    private func launch(_ output: String, _ flags: String...) throws -> ProgramRun {
      let training = place.training(
        output, "--epochs", "2", "--batch-size", "2", "--log-every", "1", "--checkpoint-every", "4",
        "--max-restarts", "0")
      return try ProgramRun(.launcher, ["--nproc", "2"] + training + flags, in: place)
    }
  }
}
