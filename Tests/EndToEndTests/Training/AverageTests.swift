import Foundation
import Testing

extension Trainings {
  /// Runs that average their weights: both sets are evaluated, written and gone on with.
  @Suite struct AverageTests {
    let place: Workplace

    init() throws { place = try Workplace() }

    private struct Figures: Equatable {
      let own: [Substring]
      let average: [Substring]

      init(_ lines: [String]) {
        own = lines.compactMap { $0.firstMatch(of: #/^\* (Acc@1 .*)$/#)?.output.1 }
        average = lines.compactMap { $0.firstMatch(of: #/^\* EMA (Acc@1 .*)$/#)?.output.1 }
      }
    }

    @Test func `the weights and their average are both evaluated, logged and written`() throws {
      let end = try launch("out", "--epochs", "2").finish()
      #expect(end.status == Status.done, "\(end.errors)")
      let figures = Figures(end.output)
      // With the long memory of the default decay the average would still be the weights that nothing taught.
      #expect(figures.own.count == 2 && figures.average.count == 2 && figures.own != figures.average)
      for line in [
        "Test (EMA):  [0/", "Accuracy of the averaged network on the 19 test images: ", "Max EMA accuracy: ",
      ] {
        #expect(end.output.contains { $0.hasPrefix(line) }, "\(line)")
      }
      let files = RunFiles(folder: place.output("out"))
      let keys = [
        "n_parameters", "test_balanced_acc", "test_loss_ema", "test_acc1_ema", "test_acc5_ema",
        "test_balanced_acc_ema",
      ]
      for (epoch, line) in zip(try files.epochs(), figures.average) {
        #expect(epoch.keys.suffix(6) == keys[...])
        #expect(line.hasPrefix(String(format: "Acc@1 %.3f ", try #require(epoch.values["test_acc1_ema"]))))
      }
      #expect(try files.bytes("last.safetensors") != files.bytes("last_ema.safetensors"))
      try expectFiles(figures)
    }

    /// Each file gives the figures that the run said of its weights, and so does its checkpoint.
    private func expectFiles(_ figures: Figures) throws {
      let (checkpoint, last, averaged) = (
        "checkpoints/epoch-0001", Array(figures.own.suffix(1)), Array(figures.average.suffix(1))
      )
      let cases: [(path: String, flags: [String], figures: [Substring])] = [
        ("last.safetensors", [], last), ("last_ema.safetensors", [], averaged),
        ("best.safetensors", [], best(figures.own)), ("best_ema.safetensors", [], best(figures.average)),
        (checkpoint, [], last), (checkpoint, ["--use-ema"], averaged),
      ]
      for (path, flags, expected) in cases {
        let weights = ["--eval", "--resume", place.output("out") + "/" + path] + flags
        let end = try ProgramRun(.worker, place.training("eval") + weights, in: place).finish()
        let found = try #require(Figures(end.output).own.first, "\(end.errors)")
        #expect(expected.contains(found), "\(path) \(flags)")
        let isOfBoth = path == checkpoint && flags.isEmpty
        #expect(Figures(end.output).average == (isOfBoth ? averaged : []), "\(path) \(flags)")
      }
    }

    /// The lines of the highest Acc@1.
    private func best(_ lines: [Substring]) -> [Substring] {
      let accuracies = lines.map { line in line.split(separator: " ")[1] }.compactMap { Double($0) }
      return zip(lines, accuracies).filter { $0.1 == accuracies.max() }.map(\.0)
    }

    @Test func `a run that is stopped while it evaluates the average evaluates both later`() throws {
      try place.images.addValidationViews(of: 100)
      #expect(try launch("whole").finish().status == Status.done)
      let run = try launch("parts")
      try run.read(to: "Test (EMA):  [  0/")
      run.send(SIGTERM)
      let end = try run.finish(within: .seconds(20))
      #expect(end.status == Status.stoppedEarly, "\(end.errors)")
      let resumed = try launch("parts", "--resume", "auto").finish()
      #expect(resumed.status == Status.done, "\(resumed.errors)")
      let (whole, parts) = (
        RunFiles(folder: place.output("whole")), RunFiles(folder: place.output("parts"))
      )
      for name in ["last", "last_ema", "best", "best_ema"].map({ "\($0).safetensors" }) + ["log.txt"] {
        #expect(try parts.bytes(name) == whole.bytes(name), "\(name) differs")
      }
    }

    @Test func `a short run warms its average up and says so, and one that goes on does as it did`() throws {
      func line(_ end: ProgramRun.End) throws -> String {
        try #require(end.output.first { $0.hasPrefix("Average of the weights (EMA): ") })
      }
      let short = try ProgramRun(.worker, place.training("short", "--model-ema"), in: place).finish()
      #expect(try line(short).contains("min(0.99996, (1 + t) / (10 + t))"))
      let plain = place.training("plain", "--model-ema")
      let first = try ProgramRun(.worker, plain + ["--no-model-ema-warmup"], in: place).finish()
      #expect(try line(first).contains("keeps 0.99996 of it"))
      let next = try ProgramRun(.worker, plain + ["--epochs", "2", "--resume", "auto"], in: place).finish()
      #expect(try line(next).contains("keeps 0.99996 of it"))
      let recipe = String(
        decoding: try RunFiles(folder: place.output("plain")).bytes("recipe.json"), as: UTF8.self)
      #expect(recipe.contains("\"warmup\" : false"))
    }

    @Test func `an average that is not there is refused`() throws {
      _ = try ProgramRun(.worker, place.training("out"), in: place).finish()
      for start in ["last.safetensors", "checkpoints/epoch-0000"] {
        let flags = ["--eval", "--use-ema", "--resume", place.output("out") + "/" + start]
        let end = try ProgramRun(.worker, place.training("eval") + flags, in: place).finish()
        #expect(end.status == Status.badConfiguration && end.errors.contains("has no average of the weights"))
      }
      let flags = ["--model-ema", "--epochs", "2", "--resume", "auto"]
      let end = try ProgramRun(.worker, place.training("out") + flags, in: place).finish()
      #expect(end.status == Status.badConfiguration, "\(end.errors)")
      #expect(end.errors.contains("leave --model-ema out"), "\(end.errors)")
    }

    private func launch(_ output: String, _ flags: String...) throws -> ProgramRun {
      let training = place.training(output, "--model-ema", "--model-ema-decay", "0.9", "--max-restarts", "0")
      return try ProgramRun(.launcher, ["--nproc", "2"] + training + flags, in: place)
    }
  }
}
