import Foundation
import Testing

extension Trainings {
  /// Runs that are stopped or meet a bad image while they evaluate, or meet one while they train.
  @Suite struct StopInEvaluationTests {
    let place: Workplace

    init() throws { place = try Workplace() }

    @Test func `a run that is stopped while it evaluates keeps the epoch and evaluates it later`() throws {
      try place.images.addValidationViews(of: 100)
      #expect(try launch("whole").finish().status == Status.done)
      let run = try launch("parts")
      try run.read(to: "Test:  [  0/")
      run.send(SIGTERM)
      let end = try run.finish(within: .seconds(20))
      #expect(end.status == Status.stoppedEarly, "\(end.errors)")
      #expect(!end.output.contains { $0.hasPrefix("* Acc@1") })
      let saved = place.output("parts") + "/checkpoints/epoch-0000-step-000015"
      #expect(end.errors.contains("goes on: \(saved)\n"), "\(end.errors)")
      #expect(FileManager.default.fileExists(atPath: saved + "/manifest.json"))
      let resumed = try launch("parts", "--resume", "auto").finish()
      #expect(resumed.status == Status.done, "\(resumed.errors)")
      try expectSame()
    }

    /// The service manager of one host, or a user with `kill`.
    @Test func `one worker that is told to stop while it evaluates stops all`() throws {
      try place.images.addValidationViews(of: 100)
      let run = try launch("out")
      try run.read(to: "Test:  [  0/")
      kill(try #require(run.workers[1]), SIGTERM)
      let end = try run.finish(within: .seconds(20))
      #expect(end.status == Status.stoppedEarly, "\(end.errors)")
      #expect(end.errors.contains("/checkpoints/epoch-0000-step-000015\n"), "\(end.errors)")
    }

    @Test(arguments: ["--eval", "--throughput"])
    func `what has nothing to save is ended by a signal as any program`(flag: String) throws {
      try place.images.addValidationViews(of: 100)
      let flags = place.training("out", "--batch-size", "60", "--input-size", "224", flag)
      let run = try ProgramRun(.worker, flags, in: place)
      try run.read(to: "number of params: ")
      run.send(SIGTERM)
      #expect(try run.finish(within: .seconds(10)).status == 128 + SIGTERM)
    }

    @Test func `a damaged image in val does not cost the epoch before it`() throws {
      #expect(try launch("whole").finish().status == Status.done)
      let repair = try damage(place.images.image("val", 7))
      let end = try launch("parts").finish()
      #expect(end.status == Status.badData, "\(end.errors)")
      #expect(end.errors.contains("is damaged") || end.errors.contains("is not an image"), "\(end.errors)")
      #expect(end.errors.contains("/checkpoints/epoch-0000-step-000015\n"), "\(end.errors)")
      try repair()
      let resumed = try launch("parts", "--resume", "auto").finish()
      #expect(resumed.status == Status.done, "\(resumed.errors)")
      try expectSame()
    }

    @Test func `a damaged image in train costs no step before it`() throws {
      #expect(try launch("whole").finish().status == Status.done)
      let repair = try damage(place.images.image("train", 7))
      let end = try launch("parts").finish()
      #expect(end.status == Status.badData, "\(end.errors)")
      let steps = try RunFiles(folder: place.output("parts")).steps().count
      #expect((1..<15).contains(steps))
      let name = "epoch-0000-step-0000" + (steps < 10 ? "0" : "") + "\(steps)"
      #expect(end.errors.contains("/checkpoints/\(name)\n"), "\(end.errors)")
      // The message is there once, whichever rank met the image.
      let speakers = end.errors.matches(of: #/\[rank (\d)\] twins-worker: error: /#).map(\.output.1)
      #expect(speakers == ["0"], "\(end.errors)")
      try repair()
      let resumed = try launch("parts", "--resume", "auto").finish()
      #expect(resumed.status == Status.done, "\(resumed.errors)")
      try expectSame()
    }

    /// Cuts an image off; what is returned puts it back.
    private func damage(_ path: String) throws -> () throws -> Void {
      let url = URL(fileURLWithPath: path)
      let bytes = try Data(contentsOf: url)
      try bytes.prefix(bytes.count / 2).write(to: url)
      return { try bytes.write(to: url) }
    }

    private func expectSame() throws {
      let (whole, parts) = (
        RunFiles(folder: place.output("whole")), RunFiles(folder: place.output("parts"))
      )
      for name in [
        "last.safetensors", "last_ema.safetensors", "best.safetensors", "best_ema.safetensors", "log.txt",
      ] {
        #expect(try parts.bytes(name) == whole.bytes(name), "\(name) differs")
      }
      #expect(try parts.steps() == whole.steps())
      #expect(try parts.names("checkpoints") == whole.names("checkpoints"))
    }

    private func launch(_ output: String, _ flags: String...) throws -> ProgramRun {
      let training = place.training(
        output, "--epochs", "2", "--batch-size", "2", "--log-every", "1", "--mixup", "0.8", "--model-ema",
        "--model-ema-decay", "0.9", "--max-restarts", "0")
      return try ProgramRun(.launcher, ["--nproc", "2"] + training + flags, in: place)
    }
  }
}
