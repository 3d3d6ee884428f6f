import Foundation
import Testing

extension EndToEnd {
  @Suite struct ResumeTests {
    let place: Workplace

    init() throws { place = try Workplace() }

    @Test func `a run that was stopped and resumed ends with the weights of one that was not`() throws {
      #expect(try launch("whole").finish().status == Status.done)
      try stopInSecondEpoch()
      let resumed = try launch("parts", "--resume", "auto").finish()
      #expect(resumed.status == Status.done, "\(resumed.errors)")
      #expect(resumed.output.contains { $0.hasPrefix("Resuming from ") && $0.contains(": epoch 0 done") })

      let (whole, parts) = (RunFiles(folder: place.output("whole")), RunFiles(folder: place.output("parts")))
      for name in ["last.safetensors", "best.safetensors", "log.txt"] {
        #expect(try parts.bytes(name) == whole.bytes(name), "\(name) differs")
      }
      #expect(place.leftovers.isEmpty)
    }

    private func stopInSecondEpoch() throws {
      let run = try launch("parts")
      try run.read(to: "Epoch: [1]  [ 0/15]")
      run.send(SIGTERM)
      let end = try run.finish()
      #expect(end.status == Status.stoppedEarly, "\(end.errors)")
      #expect(!end.output.contains { $0.hasPrefix("Epoch: [1]  [14/15]") })
      // All ranks stop after the same step, so that one of them can speak for all.
      #expect(end.errors.components(separatedBy: "stopped by a signal in epoch 1, after step ").count == 2)
      #expect(end.errors.contains("the same command with --resume auto goes on"))
      #expect(!end.errors.contains("twins-worker: twins-worker:"))
    }

    /// Small batches make the second epoch long enough for the signal to come before its end.
    private func launch(_ output: String, _ flags: String...) throws -> ProgramRun {
      let training = place.training(
        output, "--epochs", "2", "--batch-size", "2", "--log-every", "1", "--mixup", "0.8", "--cutmix", "1",
        "--model-ema", "--model-ema-decay", "0.9")
      return try ProgramRun(.launcher, ["--nproc", "2"] + training + flags, in: place)
    }
  }
}
