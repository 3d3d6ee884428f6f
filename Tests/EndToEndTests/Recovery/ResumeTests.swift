import Foundation
import Testing

extension EndToEnd {
  @Suite struct ResumeTests {
    let place: Workplace

    init() throws { place = try Workplace() }

    @Test func `a run that was stopped at any step and resumed is the run that was not`() throws {
      #expect(try launch("whole").finish().status == Status.done)
      let (epoch, step) = (Int.random(in: 0...1), Int.random(in: 0...10))
      let stop = try stop(in: epoch, after: step)
      let resumed = try launch("parts", "--resume", "auto").finish()
      #expect(resumed.status == Status.done, "\(resumed.errors)")
      #expect(resumed.output.contains { $0.hasPrefix("Resuming from \(stop)") })
      try expectSame("parts", as: "whole", "stopped in epoch \(epoch) after step \(step)")
      #expect(place.leftovers.isEmpty)
    }

    /// The place of the checkpoint that the run says it saved.
    private func stop(in epoch: Int, after step: Int) throws -> String {
      let run = try launch("parts")
      try run.read(to: "Epoch: [\(epoch)]  [\(step < 10 ? " " : "")\(step)/15]")
      run.send(SIGTERM)
      let end = try run.finish()
      #expect(end.status == Status.stoppedEarly, "\(end.errors)")
      #expect(!end.output.contains { $0.hasPrefix("Epoch: [\(epoch)]  [14/15]") })
      // All ranks stop after the same step, so that one of them can speak for all.
      #expect(
        end.errors.components(separatedBy: "stopped by a signal in epoch \(epoch), after step ").count == 2)
      #expect(end.errors.contains("the same command with --resume auto goes on"))
      #expect(!end.errors.contains("twins-worker: twins-worker:"))
      let names = try RunFiles(folder: place.output("parts")).names("checkpoints")
      let saved = try #require(names.filter { $0.contains("epoch-000\(epoch)-step-") }.max())
      let path = place.output("parts") + "/checkpoints/" + saved
      #expect(end.errors.contains("goes on: \(path)\n"))
      return path
    }

    /// What trains from the start on a pack, with three decode threads, and what begins on its folder, with one, and goes on with the pack.
    @Test func `a worker that was killed inside an epoch goes on, also on a pack of its folder`() throws {
      let pack = "\(place.folder)/pack"
      let packing = ["dataset", "pack", place.images.path, pack, "--shard-images", "25"]
      #expect(try ProgramRun(.worker, packing, in: place).finish().status == Status.done)
      let packed = ["--data-path", pack, "--num-workers", "3"]
      #expect(try work("whole", packed).finish().status == Status.done)
      let run = try work("parts", "--checkpoint-every", "4", "--num-workers", "1")
      // Wherever it is in saving by then; a save that is cut off leaves the one before it.
      try run.read(to: "Epoch: [1]  [13/15]")
      run.send(SIGKILL)
      #expect(try run.finish().status == 128 + SIGKILL)
      let resumed = try work("parts", packed + ["--resume", "auto", "--checkpoint-every", "4"]).finish()
      #expect(resumed.status == Status.done, "\(resumed.errors)")
      #expect(
        resumed.output.contains { $0.contains("/checkpoints/epoch-000") && $0.contains("Resuming from") })
      try expectSame("parts", as: "whole", "killed in epoch 1")
    }

    @Test func `a wish for a checkpoint is heard and training goes on`() throws {
      let run = try launch("out", "--epochs", "1")
      try run.read(to: "Epoch: [0]  [ 2/15]")
      run.send(SIGUSR1)
      for worker in run.workers.values { kill(worker, SIGUSR1) }
      let end = try run.finish()
      #expect(end.status == Status.done, "\(end.errors)")
      let names = try RunFiles(folder: place.output("out")).names("checkpoints")
      #expect(names.contains { $0.hasPrefix("epoch-0000-step-") } && names.contains("epoch-0000"), "\(names)")
      #expect(end.errors.contains("twins-worker: checkpoint epoch-0000-step-"))
    }

    /// While the start is checked, or the workers begin.
    @Test(arguments: [false, true]) func `a run that is to go on can be stopped before it has begun`(
      isChecked: Bool
    ) throws {
      #expect(try work("out", "--epochs", "1").finish().status == Status.done)
      let run = try launch("out", "--resume", "auto", "--epochs", "90")
      if isChecked { _ = try run.waitForWorker(0) } else { try run.waitForChild() }
      run.send(SIGTERM)
      let end = try run.finish()
      #expect(end.status == Status.stoppedEarly, "\(end.errors)")
      #expect(end.errors.contains(" goes on"), "\(end.errors)")
    }

    @Test func `four workers' run goes on with two of twice the images`() throws {
      let flags = ["--mixup", "0", "--cutmix", "0"]
      #expect(try launch("whole", ranks: 4, batch: 2, flags).finish().status == Status.done)
      let run = try launch("parts", ranks: 4, batch: 2, flags)
      try run.read(to: "Epoch: [0]  [3/7]")
      run.send(SIGTERM)
      #expect(try run.finish().status == Status.stoppedEarly)
      let resumed = try launch("parts", ranks: 2, batch: 4, flags + ["--resume", "auto"]).finish()
      #expect(resumed.status == Status.done, "\(resumed.errors)")
      #expect(resumed.errors.contains("the same images in the same steps"))
      let runs = try ["whole", "parts"].map { try RunFiles(folder: place.output($0)).steps() }
      #expect(runs[0].count == 14 && runs[1].map(\.step) == runs[0].map(\.step))
      for (one, other) in zip(runs[0], runs[1]) {
        #expect(abs(one.loss - other.loss) <= 1e-4 * one.loss, "step \(one.step)")
      }
    }

    /// The state after the last step of an epoch, before its evaluation, is a place like any other.
    @Test func `an epoch whose steps are all done is evaluated and finished`() throws {
      #expect(
        try work("parts", "--epochs", "1", "--checkpoint-every", "5", "--keep", "9").finish().status == 0)
      let names = try RunFiles(folder: place.output("parts")).names("checkpoints")
      let name = try #require(names.filter { $0.contains("-step-") }.min())
      let limit = ["--epochs", "1", "--max-step", "\(try #require(Int(name.suffix(6))))"]
      #expect(try work("whole", limit).finish().status == Status.done)
      let path = place.output("parts") + "/checkpoints/\(name)"
      let resumed = try work("parts", limit + ["--resume", path]).finish()
      #expect(resumed.status == Status.done, "\(resumed.errors)")
      #expect(resumed.errors.contains("from here on it is another run"))
      try expectSame("parts", as: "whole", name)
    }

    private func expectSame(_ parts: String, as whole: String, _ what: String) throws {
      let (whole, parts) = (RunFiles(folder: place.output(whole)), RunFiles(folder: place.output(parts)))
      for name in [
        "last.safetensors", "last_ema.safetensors", "best.safetensors", "best_ema.safetensors", "log.txt",
      ] {
        #expect(try parts.bytes(name) == whole.bytes(name), "\(name) differs: \(what)")
      }
      #expect(try parts.steps() == whole.steps(), "\(what)")
    }

    /// Small batches make an epoch long enough for a signal to come before its end.
    private func launch(_ output: String, _ flags: String...) throws -> ProgramRun {
      try launch(output, ranks: 2, batch: 2, mixing + flags)
    }

    private func launch(_ output: String, ranks: Int, batch: Int, _ flags: [String]) throws -> ProgramRun {
      let training = place.training(output, "--epochs", "2", "--batch-size", "\(batch)", "--log-every", "1")
      return try ProgramRun(.launcher, ["--nproc", "\(ranks)"] + training + flags, in: place)
    }

    private func work(_ output: String, _ flags: String...) throws -> ProgramRun {
      try work(output, flags)
    }

    private func work(_ output: String, _ flags: [String]) throws -> ProgramRun {
      let training = place.training(output, "--epochs", "2", "--batch-size", "4", "--log-every", "1")
      return try ProgramRun(.worker, training + mixing + flags, in: place)
    }

    private let mixing = ["--mixup", "0.8", "--cutmix", "1", "--model-ema", "--model-ema-decay", "0.9"]
  }
}
