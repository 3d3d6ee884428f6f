import Foundation
import Testing

extension EndToEnd {
  /// A run goes on with what its checkpoint says, unless somebody says otherwise.
  @Suite struct ResumeMemoryTests {
    let place: Workplace

    init() throws { place = try Workplace() }

    @Test(arguments: ["", "/checkpoints"])
    func `a run that is named by its folder needs no flag to go on as it was`(folder: String) throws {
      #expect(try work(training("whole")).finish().status == Status.done)
      try stop("parts")
      let end = try work(["--resume", place.output("parts") + folder, "--log-every", "1"]).finish()
      #expect(end.status == Status.done, "\(end.errors)")
      #expect(
        end.output.contains { $0.hasPrefix("Resuming from \(place.output("parts"))/checkpoints/epoch-0001") })
      #expect(!end.errors.contains("→") && !end.errors.contains("another run"), "\(end.errors)")
      let (whole, parts) = (RunFiles(folder: place.output("whole")), RunFiles(folder: place.output("parts")))
      #expect(try parts.bytes("last.safetensors") == whole.bytes("last.safetensors"))
      #expect(try parts.steps() == whole.steps())
    }

    @Test func `flags lie over what the checkpoint says, and each change is a line`() throws {
      try stop("parts")
      let end = try work(
        ["--resume", "auto", "--output-dir", place.output("parts"), "--input-size", "64", "--mixup", "0.5"]
      ).finish()
      #expect(end.status == Status.done, "\(end.errors)")
      let changes = end.errors.split(separator: "\n").filter { $0.contains(" → ") }
      #expect(
        changes == [
          "twins-worker: note: data.inputSize 32 → 64", "twins-worker: note: mixing.mixup 0.8 → 0.5",
        ])
      #expect(end.errors.contains("from here on it is another run"))
    }

    @Test func `a change that makes no sense is refused and leaves the run as it was`() throws {
      try stop("parts")
      let files = RunFiles(folder: place.output("parts"))
      // Which images there are is kept by whoever finds out first.
      func contents() throws -> (Set<String>, Data, Data) {
        try (files.names().subtracting(["index"]), files.bytes("recipe.json"), files.bytes("train.jsonl"))
      }
      let before = try contents()
      for (flags, message) in [
        (["--model", "pcpvt_small_v0"], "leave --model out"), (["--opt", "sgd"], "leave --opt out"),
        (["--model-ema"], "leave --model-ema out"),
      ] {
        let end = try work(["--resume", place.output("parts")] + flags).finish()
        #expect(end.status == Status.badConfiguration && end.errors.contains(message), "\(end.errors)")
      }
      #expect(try contents() == before)
    }

    @Test func `a launcher's restarts have what the checkpoint says too`() throws {
      try stop("parts")
      let run = try ProgramRun(
        .launcher,
        ["--nproc", "2", "--resume", place.output("parts"), "--epochs", "4", "--log-every", "1"], in: place)
      try run.read(to: "Epoch: [2]  [3/7]")
      kill(try run.waitForWorker(1), SIGKILL)
      let end = try run.finish()
      #expect(end.status == Status.done, "\(end.errors)")
      #expect(end.errors.contains("twins-worker: note: worldSize 1 → 2"))
      #expect(end.errors.contains("starting again"))
      #expect(try RunFiles(folder: place.output("parts")).names().contains("last.safetensors"))
    }

    @Test func `a folder without a checkpoint yet is no healthy run's`() throws {
      try FileManager.default.createDirectory(
        atPath: place.output("new") + "/checkpoints", withIntermediateDirectories: true)
      let end = try work(["--resume", place.output("new")]).finish()
      #expect(end.status == Status.missingInput)
      #expect(end.errors.contains("there is no checkpoint in \(place.output("new"))/checkpoints yet"))
    }

    @Test func `a fine-tuning begins with weights and goes on with its checkpoint`() throws {
      #expect(
        try work(place.training("first", "--max-step", "1", "--no-eval")).finish().status == Status.done)
      let flags = ["--finetune", place.output("first") + "/last.safetensors", "--resume", "auto"]
      try stop("parts", flags)
      let end = try work(training("parts") + flags).finish()
      #expect(end.status == Status.done, "\(end.errors)")
      #expect(end.output.contains { $0.hasPrefix("Resuming from ") })
      #expect(!end.output.contains { $0.hasPrefix("Weights from ") })
    }

    @Test func `twins-launch resume needs the run alone, wherever one stands`() throws {
      let launch = ["--nproc", "2", "--log-every", "1", "--keep", "5", "--transport", "ipc"]
      func train(_ output: String) throws -> ProgramRun {
        try ProgramRun(
          .launcher, launch + training(output, batch: 2, data: "images"), in: place, directory: place.folder
        )
      }
      #expect(try train("whole").finish().status == Status.done)
      let run = try train("parts")
      try run.read(to: "Epoch: [1]  [ 2/15]")
      run.send(SIGTERM)
      #expect(try run.finish().status == Status.stoppedEarly)
      let end = try ProgramRun(.launcher, ["resume", place.output("parts")], in: place, directory: "/")
        .finish()
      #expect(end.status == Status.done, "\(end.errors)")
      let changes = end.errors.split(separator: "\n").filter { $0.contains(" → ") }
      #expect(changes == ["[rank 0] twins-worker: note: data.path images → \(place.folder)/images"])
      #expect(end.errors.contains("2 workers finished"))
      let (whole, parts) = (RunFiles(folder: place.output("whole")), RunFiles(folder: place.output("parts")))
      #expect(try parts.bytes("last.safetensors") == whole.bytes("last.safetensors"))
      #expect(try parts.steps() == whole.steps())
      // What it was told this time is what it will be told the next time.
      let more = try ProgramRun(
        .launcher, ["resume", place.output("parts") + "/run", "--epochs", "3", "--nproc", "1"], in: place
      ).finish()
      #expect(more.status == Status.done, "\(more.errors)")
      #expect(
        more.errors.contains("note: schedule.epochs 2 → 3") && more.errors.contains("1 worker finished"))
    }

    @Test func `a run whose launcher was killed is found by its name`() throws {
      let name = "killed-\(UUID().uuidString.prefix(8))"
      let run = try ProgramRun(
        .launcher, ["--nproc", "2", "--run-id", name] + training("out", batch: 2), in: place)
      try run.read(to: "Epoch: [1]  [ 2/15]")
      try run.waitForWorkers(within: ProgramRun.patience) { run.send(SIGKILL) }
      #expect(try run.finish().status == 128 + SIGKILL)
      let end = try ProgramRun(.launcher, ["resume", name], in: place).finish()
      #expect(end.status == Status.done && end.errors.contains("2 workers finished"), "\(end.errors)")
      #expect(
        end.output.contains { $0.hasPrefix("Resuming from \(place.output("out"))/checkpoints/epoch-0000") })
    }

    @Test func `a stopped run says a command that goes on, however it was started`() throws {
      try stop("parts")
      for start in [["resume", place.output("parts")], ["--resume", place.output("parts"), "--nproc", "1"]] {
        let run = try ProgramRun(.launcher, start + ["--epochs", "200"], in: place)
        try run.read(to: "Epoch: [1]")
        run.send(SIGTERM)
        let end = try run.finish()
        #expect(end.status == Status.stoppedEarly)
        #expect(
          end.errors.contains("; twins-launch resume \(place.output("parts")) goes on"), "\(end.errors)")
      }
    }

    @Test func `no run is resumed where there is none`() throws {
      let end = try ProgramRun(.launcher, ["resume", place.images.path], in: place).finish()
      #expect(end.status == Status.missingInput && end.errors.contains("no run '\(place.images.path)'"))
    }

    /// Stops a run after its first epoch.
    private func stop(_ output: String, _ flags: [String] = []) throws {
      let run = try work(training(output) + flags)
      if !flags.isEmpty { try run.read(to: "Weights from ") }
      try run.read(to: "Epoch: [1]  [ 2/15]")
      run.send(SIGTERM)
      #expect(try run.finish().status == Status.stoppedEarly)
    }

    private func training(_ output: String, batch: Int = 4, data: String? = nil) -> [String] {
      place.training(
        output, "--epochs", "2", "--log-every", "1", "--mixup", "0.8", "--cutmix", "1", "--seed", "7",
        "--batch-size", "\(batch)", "--data-path", data ?? place.images.path)
    }

    private func work(_ flags: [String]) throws -> ProgramRun { try ProgramRun(.worker, flags, in: place) }
  }
}
