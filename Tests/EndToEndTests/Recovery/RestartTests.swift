import Foundation
import Testing

extension EndToEnd {
  @Suite struct RestartTests {
    let place: Workplace

    init() throws { place = try Workplace() }

    @Test func `a run that lost a worker starts itself again and ends with the weights of one that did not`()
      throws
    {
      #expect(try launch("whole").finish().status == Status.done)
      let run = try launch("broken")
      try run.read(to: "Epoch: [1]")
      kill(try #require(run.workers[1]), SIGKILL)
      let end = try run.finish()
      #expect(end.status == Status.done, "\(end.errors)")
      #expect(end.errors.contains("── rank 1 failed ──"))
      #expect(end.errors.contains("   at       epoch 1, after step "))
      #expect(end.errors.contains(" s (1 of 3)\n"))
      #expect(end.output.contains { $0.hasPrefix("Resuming from ") && $0.contains(": epoch 0 done") })
      #expect(run.workers.isEmpty)
      #expect(place.leftovers.isEmpty)

      let (whole, broken) = (
        RunFiles(folder: place.output("whole")), RunFiles(folder: place.output("broken"))
      )
      for name in [
        "last.safetensors", "last_ema.safetensors", "best.safetensors", "best_ema.safetensors", "log.txt",
      ] {
        #expect(try broken.bytes(name) == whole.bytes(name), "\(name) differs")
      }
      #expect(try broken.names("run/logs") == ["attempt-0", "attempt-1"])
      #expect(try broken.names("run/logs/attempt-1") == ["rank-0.log", "rank-1.log", "rank-2.log"])
    }

    /// Another start meets the same folder: it is not tried.
    @Test func `a run without images is not started again`() throws {
      let folder = "\(place.folder)/empty"
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
      let run = try ProgramRun(
        .launcher, ["--nproc", "2"] + place.training("out", "--data-path", folder), in: place)
      let end = try run.finish()
      #expect([Status.badData, Status.missingInput].contains(end.status), "\(end.errors)")
      #expect(!end.errors.contains("starting again"))
    }

    /// Small batches make the second epoch long enough to be broken before its end.
    private func launch(_ output: String) throws -> ProgramRun {
      let training = place.training(
        output, "--epochs", "2", "--batch-size", "2", "--log-every", "1", "--mixup", "0.8", "--cutmix", "1",
        "--model-ema", "--model-ema-decay", "0.9")
      return try ProgramRun(.launcher, ["--nproc", "3"] + training, in: place)
    }
  }
}
