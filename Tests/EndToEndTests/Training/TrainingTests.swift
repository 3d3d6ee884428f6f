import Foundation
import Testing

extension Trainings {
  @Suite struct TrainingTests {
    let place: Workplace

    init() throws { place = try Workplace() }

    @Test func `three workers train for two epochs and leave only their files`() throws {
      let run = try ProgramRun(
        .launcher, ["--nproc", "3"] + place.training("out", "--epochs", "2", "--dist-eval"), in: place)
      let end = try run.finish()
      #expect(end.status == Status.done, "\(end.errors)")
      #expect(run.workers.isEmpty)
      #expect(place.leftovers.isEmpty)
      expectReferenceLines(end.output)
      #expect(end.errors.contains("twins-launch: 3 workers finished in "))

      let files = RunFiles(folder: place.output("out"))
      try expectFiles(files)
      try expectLog(files)
    }

    private func expectReferenceLines(_ lines: [String]) {
      let expected: [Regex<Substring>] = [
        /Creating model: alt_gvt_nano/,
        /number of params: \d+/,
        /Start training for 2 epochs/,
        /Epoch: \[0\]  \[0\/5\]  eta: \d:\d\d:\d\d  lr: 0\.001000  loss: \d\.\d{4} \(\d\.\d{4}\)  time: \d+\.\d{4}  fps:0\.0000  data: \d+\.\d{4}  max mem: \d+/,
        /Epoch: \[1\]  \[4\/5\]  eta: .*/,
        /Epoch: \[1\] Total time: \d:\d\d:\d\d \(\d+\.\d{4} s \/ it\)/,
        /Averaged stats: lr: 0\.001000  loss: \d\.\d{4} \(\d\.\d{4}\)/,
        /Test:  \[0\/2\]  eta: \d:\d\d:\d\d  loss: \d\.\d{4} \(\d\.\d{4}\)  acc1: \d+\.\d{4} \(\d+\.\d{4}\)  acc5: \d+\.\d{4} \(\d+\.\d{4}\)  time: \d+\.\d{4}  data: \d+\.\d{4}  max mem: \d+/,
        /Test: Total time: \d:\d\d:\d\d \(\d+\.\d{4} s \/ it\)/,
        /\* Acc@1 \d+\.\d{3} Acc@5 \d+\.\d{3} loss \d\.\d{3}/,
        /Accuracy of the network on the 19 test images: \d+\.\d%/,
        /Max accuracy: \d+\.\d\d%/,
        /Training time \d:\d\d:\d\d/,
      ]
      for line in expected {
        #expect(lines.contains { $0.wholeMatch(of: line) != nil }, "\(line) is not in \(lines)")
      }
    }

    private func expectFiles(_ files: RunFiles) throws {
      let expected: Set = [
        "log.txt", "train.jsonl", "summary.csv", "recipe.json", "last.safetensors", "best.safetensors",
        "checkpoints", "run", "tensorboard", "report.html", "index", "by-class.json",
      ]
      #expect(try files.names() == expected)
      #expect(try files.names("checkpoints") == ["epoch-0000", "epoch-0001"])
      #expect(try files.names("run/logs/attempt-0") == ["rank-0.log", "rank-1.log", "rank-2.log"])
    }

    private func expectLog(_ files: RunFiles) throws {
      let keys = [
        "train_lr", "train_loss", "test_loss", "test_acc1", "test_acc5", "epoch", "n_parameters",
        "test_balanced_acc",
      ]
      let epochs = try files.epochs()
      #expect(epochs.map(\.keys) == [keys, keys])
      #expect(epochs.map { $0.values["epoch"] } == [0, 1])
      let losses = epochs.compactMap { $0.values["train_loss"] }
      #expect(losses[1] < losses[0] - 0.1, "the loss does not fall: \(losses)")
      // The first and the last step of each epoch.
      #expect(try files.steps().map(\.step) == [1, 5, 6, 10])
    }
  }
}
