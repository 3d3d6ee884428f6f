import Foundation
import Testing

extension Trainings {
  @Suite struct EvaluationTests {
    let place: Workplace

    init() throws { place = try Workplace() }

    @Test func `any number of ranks counts the same, every image once`() throws {
      let training = try ProgramRun(.worker, place.training("trained"), in: place).finish()
      let accuracy = try #require(training.output.first { $0.hasPrefix("* Acc@1") })
      let weights = place.output("trained") + "/best.safetensors"
      for size in [1, 2, 3, 5, 8] {
        let flags = place.training("evaluated", "--eval", "--resume", weights)
        let end = try ProgramRun(.launcher, ["--nproc", "\(size)"] + flags, in: place).finish()
        #expect(end.status == Status.done, "\(end.errors)")
        #expect(end.output.contains(accuracy), "\(size) ranks")
        #expect(end.output.contains { $0.hasPrefix("Accuracy of the network on the 19 test images: ") })
        // It changes nothing but the launcher's own folder.
        #expect(try RunFiles(folder: place.output("evaluated")).names() == ["run"])
      }
    }

    @Test func `weights and held-out images are all that an evaluation needs, and it leaves nothing`()
      throws
    {
      let flags = place.training("trained", "--input-size", "64", "--crop-pct", "1")
      let training = try ProgramRun(.worker, flags, in: place).finish()
      let accuracy = try #require(training.output.first { $0.hasPrefix("* Acc@1") })
      try FileManager.default.removeItem(atPath: "\(place.images.path)/train")
      let run = place.output("trained")
      let commands: [(ProgramRun.Program, [String])] = [
        (.launcher, ["--resume", "\(run)/last.safetensors", "--nproc", "2"]),
        (.worker, ["--resume", "\(run)/last.safetensors"]),
        (.worker, ["--finetune", "\(run)/last.safetensors"]), (.launcher, ["--resume", run, "--nproc", "3"]),
      ]
      for (program, start) in commands {
        let end = try evaluate(program, start)
        #expect(end.status == Status.done, "\(end.errors)")
        #expect(end.output.contains(accuracy), "\(start): \(end.output)")
        #expect(!end.errors.contains("→"), "\(end.errors)")
      }
      let smaller = try evaluate(.worker, ["--resume", "\(run)/last.safetensors", "--input-size", "32"])
      #expect(smaller.errors.contains("note: data.inputSize 64 → 32"), "\(smaller.errors)")
    }

    /// Evaluates in an empty folder, and looks that it stays empty.
    private func evaluate(_ program: ProgramRun.Program, _ start: [String]) throws -> ProgramRun.End {
      let folder = place.output("empty")
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
      let flags = ["--eval", "--data-path", place.images.path, "--batch-size", "4"] + start
      let end = try ProgramRun(program, flags, in: place, directory: folder).finish()
      #expect(try RunFiles(folder: folder).names().isEmpty)
      return end
    }

    /// At a rate of nothing no evaluation is better than the first.
    @Test func `a run ends early, says so, and goes on where it is to wait longer`() throws {
      let flags = [
        "--epochs", "9", "--lr", "1e-12", "--min-lr", "0", "--monitor", "loss", "--eval-every", "2",
        "--max-step",
        "1", "--validation-batch-size", "19", "--freeze", "backbone",
      ]
      func train(_ patience: String, _ resume: [String] = []) throws -> (ProgramRun.End, epochs: [Int]) {
        let command = place.training("early", "--early-stop", patience) + flags + resume
        let end = try ProgramRun(.worker, command, in: place).finish()
        #expect(end.status == Status.done, "\(end.errors)")
        let log = String(
          decoding: try RunFiles(folder: place.output("early")).bytes("log.txt"), as: UTF8.self)
        return (end, log.matches(of: #/"epoch": (\d+)/#).compactMap { Int($0.output.1) })
      }
      let (first, epochs) = try train("1")
      #expect(
        first.output.contains("Ending early: no better loss in the last 1 evaluation"), "\(first.output)")
      #expect(epochs == [0, 1, 2, 3])
      let (again, same) = try train("1", ["--resume", "auto"])
      #expect(
        again.output.contains("Nothing left to train: epoch 3 is done. Raise --early-stop to go on."),
        "\(again.output)")
      #expect(same == epochs)
      #expect(try train("2", ["--resume", "auto"]).epochs == Array(0...5))
    }

    @Test func `a folder without val trains where nobody evaluates`() throws {
      try FileManager.default.removeItem(atPath: "\(place.images.path)/val")
      let refused = try ProgramRun(.worker, place.training("out"), in: place).finish()
      #expect(
        refused.status == Status.missingInput && refused.errors.contains("--no-eval trains without val/"))
      let end = try ProgramRun(.launcher, ["--nproc", "2"] + place.training("out", "--no-eval"), in: place)
        .finish()
      #expect(end.status == Status.done, "\(end.errors)")
      #expect(try RunFiles(folder: place.output("out")).names().contains("last.safetensors"))
    }
  }
}
