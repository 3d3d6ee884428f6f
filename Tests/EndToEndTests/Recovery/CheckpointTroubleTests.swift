import Foundation
import Testing

extension EndToEnd {
  /// Checkpoints that cannot be written, or not be read back.
  @Suite struct CheckpointTroubleTests {
    let place: Workplace

    init() throws { place = try Workplace() }

    @Test func `a disk that takes no checkpoints does not end the training, and is not hidden`() throws {
      let output = place.output("out")
      try FileManager.default.createDirectory(atPath: output, withIntermediateDirectories: false)
      try Data().write(to: URL(fileURLWithPath: output + "/checkpoints"))
      let end = try work("out", "--checkpoint-every", "4").finish()
      #expect(end.status == Status.done)
      #expect(end.errors.components(separatedBy: "was not saved: ").count == 2, "\(end.errors)")
      #expect(end.errors.contains("the run is done and its weights are in \(output)"))
      let files = RunFiles(folder: output)
      #expect(try files.epochs().count == 2 && files.steps().count == 30)
      #expect(try files.names().contains("last.safetensors"))
    }

    @Test func `status marks a rank whose newest checkpoint was not saved`() throws {
      let output = place.output("out")
      try FileManager.default.createDirectory(atPath: output, withIntermediateDirectories: false)
      try Data().write(to: URL(fileURLWithPath: output + "/checkpoints"))
      let training = place.training("out", "--epochs", "900", "--no-eval")
      let run = try ProgramRun(.launcher, ["--nproc", "1"] + training, in: place)
      try run.waitForErrors("was not saved: ")
      let end = try ProgramRun(.launcher, ["status", output], in: place).finish()
      let mark = "<- its newest checkpoint was not saved, and its log says why"
      #expect(end.output.contains { $0.hasSuffix(mark) }, "\(end)")
      run.send(SIGKILL)
    }

    @Test func `an epoch has its checkpoint even where the one before is still being written`() throws {
      let end = try work(
        "out", "--epochs", "4", "--no-eval", "--checkpoint-every", "1", "--keep", "99"
      ).finish()
      #expect(end.status == Status.done, "\(end.errors)")
      let names = try RunFiles(folder: place.output("out")).names("checkpoints")
      #expect(names.isSuperset(of: (0..<4).map { "epoch-000\($0)" }), "\(names.sorted())")
    }

    @Test func `where no checkpoint can be trusted nothing is thrown away`() throws {
      #expect(try work("out", "--epochs", "1").finish().status == Status.done)
      let path = place.output("out") + "/checkpoints/epoch-0000"
      let file = try #require(FileHandle(forUpdatingAtPath: path + "/model.safetensors"))
      try file.seek(toOffset: 100_000)
      try file.write(contentsOf: Data([1, 2, 3, 4, 5]))
      try file.close()
      let end = try work("out", "--epochs", "1", "--resume", "auto").finish()
      #expect(end.status == Status.badConfiguration)
      #expect(end.errors.contains("none of the checkpoints in") && end.errors.contains(path + "/model"))
      #expect(end.errors.contains("--resume FOLDER, or begin anew in another folder"))
    }

    private func work(_ output: String, _ flags: String...) throws -> ProgramRun {
      let training = place.training(output, "--epochs", "2", "--batch-size", "4", "--log-every", "1")
      return try ProgramRun(.worker, training + flags, in: place)
    }
  }
}
