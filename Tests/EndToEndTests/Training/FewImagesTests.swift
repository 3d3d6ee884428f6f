import Foundation
import Testing

extension Trainings {
  /// A few hundred images from scratch: 343 in ten classes, made here.
  @Suite struct FewImagesTests {
    let place: Workplace
    let drawings: DrawingFolder

    init() throws {
      place = try Workplace()
      drawings = try DrawingFolder(writingTo: "\(place.folder)/drawings")
    }

    @Test func `the reference's values are doubted on few images`() throws {
      let end = try train("--epochs", "5", "--max-step", "1", "--no-eval")
      let doubts = [
        "the warm-up never ends", "only 5 updates an epoch, of 64 images each",
        "--recipe small is for few images",
      ]
      for doubt in doubts { #expect(end.errors.contains(doubt), "\(end.errors)") }
      let first = [
        "Images: 343 in 10 classes of 34 to 35 (1.0 : 1), 0 to evaluate on",
        "Steps: 1 an epoch, each one update from 64 images (batch 64 × 1 worker)",
        "Precision: float32; optimizer: adamw, weight decay 0.05, gradients clipped at 5.0; kernels: ",
      ]
      for line in first { #expect(end.output.contains { $0.hasPrefix(line) }, "\(end.output)") }
    }

    @Test func `the recipe for few images learns them in ten epochs`() throws {
      let end = try train("--recipe", "small", "--epochs", "10")
      #expect(!end.errors.contains("warning: "), "\(end.errors)")
      let accuracy = try #require(
        try RunFiles(folder: place.output("out")).epochs().last?.values["test_acc1"])
      // Guessing gets 10 %.
      #expect(accuracy >= 35, "\(end.output)")
    }

    @Test func `classes that are never predicted are named, in training and by evaluate`() throws {
      let rare = ["disc", "dots", "frame", "ring", "rows", "stripes", "triangle"]
      try hide(rare)
      // Three images, learnt by heart: whatever the seed, the seven have nothing of their own.
      let shown = try trainOnTerminal(
        "--recipe", "small", "--epochs", "3", "--batch-size", "8", "--lr", "1e-3", "--no-lr-scaling",
        "--warmup-epochs", "0", "--no-aug", "--mixup", "0", "--cutmix", "0", "--drop-path", "0")
      let dead = "Never predicted: 7 of 10 classes: \(rare.joined(separator: ", "))"
      #expect(shown.components(separatedBy: dead).count == 1 + 3, "\(shown)")
      let log = String(
        decoding: try RunFiles(folder: place.output("out")).bytes("run/logs/attempt-0/rank-0.log"),
        as: UTF8.self)
      #expect(log.contains("\n\(dead)\n") && log.contains(#/\nBalanced accuracy .*; worst: /#))
      // Without any evaluation by hand.
      let told = "Never predicted: \(rare.joined(separator: ", "))."
      let first = try report()
      #expect(first.contains("Training&#39;s own evaluation after epoch 2: 200 images, Acc@1 "))
      #expect(first.contains(told) && first.contains("<b>7 of 10</b><small>classes never predicted</small>"))
      #expect(first.contains("<svg class=\"heat\""))
      #expect(first.components(separatedBy: "src=\"data:image/png;base64,").count == 1 + 12)
      let arguments = [
        "evaluate", place.output("out/last.safetensors"), "--data-path", drawings.path, "--nproc", "2",
      ]
      let evaluation = try ProgramRun(.launcher, arguments, in: place, variables: ["LC_ALL": "C"]).finish()
      #expect(evaluation.status == Status.done, "\(evaluation.errors)")
      #expect(evaluation.output.contains(dead), "\(dead) is not in \(evaluation.output)")
      // In ASCII, as the locale has it.
      #expect(evaluation.output.contains { $0.hasPrefix("Confused ") && $0.contains(" -> ") })
      #expect((evaluation.output + [evaluation.errors]).allSatisfy { $0.utf8.allSatisfy { $0 < 128 } })
      let second = try report()
      #expect(second.contains("evaluate, of last.safetensors as epoch 2 left it: 200 images, Acc@1 "))
      #expect(second.contains(told) && second.contains("<svg class=\"heat\""))
      struct Summary: Decodable { let never_predicted: [String] }
      let bytes = try RunFiles(folder: place.output("out/last-evaluation")).bytes("evaluation.json")
      #expect(try JSONDecoder().decode(Summary.self, from: bytes).never_predicted == rare)
    }

    /// Trains on a terminal of 80 columns, of which 20 go in mid-run; what is to be read there, its lines joined again.
    private func trainOnTerminal(_ flags: String...) throws -> String {
      let command = (["twins-launch", "--nproc", "1"] + common + flags).joined(separator: " ")
      let run = try ProgramRun(
        command:
          "TERM=xterm LC_ALL=C.UTF-8 script -qec 'stty cols 80 rows 24; exec \(command)' /dev/null",
        in: place)
      func isBar(_ line: String) -> Bool { line.contains("━") }
      let wide = try run.readLines(through: "a bar", where: isBar)
      let worker = try run.waitForWorker(0)
      kill(worker, SIGSTOP)
      try run.resizeTerminal(ofLauncherOf: worker, to: 60)
      let change = try run.readLines(through: "a narrow bar") { isBar($0) && visible($0).count <= 60 }
      kill(worker, SIGCONT)
      let end = try run.finish(within: .seconds(300))
      #expect(end.status == Status.done, "\(end.output)")
      // Of what is to be copied, no line is broken.
      let narrow = end.output.prefix { !$0.contains(": done, after ") }
      #expect(narrow.contains(where: isBar) && narrow.count < end.output.count)
      #expect(wide.allSatisfy { visible($0).count <= 80 }, "\(wide)")
      #expect(narrow.allSatisfy { visible($0).count <= 60 }, "\(narrow)")
      return (wide + change + end.output).map(visible).joined(separator: "\n").replacing("\n  ", with: " ")
    }

    /// What of a line is to be seen.
    private func visible(_ line: String) -> String {
      line.replacing(/\u{1b}\[[0-9;]*[A-Za-z]/, with: "").replacing("\r", with: "")
    }

    private func report() throws -> String {
      String(decoding: try RunFiles(folder: place.output("out")).bytes("report.html"), as: UTF8.self)
    }

    /// Makes all images of a class one and the same; these classes keep two to learn from, which are checker's.
    private func hide(_ classes: [String]) throws {
      let files = FileManager.default
      func names(_ folder: String) throws -> [String] {
        try files.contentsOfDirectory(atPath: folder).sorted()
      }
      func image(_ name: String) throws -> Data {
        let folder = "\(drawings.path)/train/\(name)"
        let first = try names(folder)[0]
        return try Data(contentsOf: URL(filePath: "\(folder)/\(first)"))
      }
      let shown = try Dictionary(
        uniqueKeysWithValues: names("\(drawings.path)/train").map { name in
          (name, try image(classes.contains(name) ? "checker" : name))
        })
      for (split, most) in [("train", 2), ("val", Int.max)] {
        for (name, bytes) in shown {
          let folder = "\(drawings.path)/\(split)/\(name)"
          for (number, file) in try names(folder).enumerated() {
            if classes.contains(name), number >= most {
              try files.removeItem(atPath: "\(folder)/\(file)")
            } else {
              try bytes.write(to: URL(filePath: "\(folder)/\(file)"))
            }
          }
        }
      }
    }

    private var common: [String] {
      [
        "--data-path", drawings.path, "--output_dir", place.output("out"), "--device", "cpu", "--model",
        "alt_gvt_nano", "--input-size", "64",
      ]
    }

    private func train(_ flags: String...) throws -> ProgramRun.End {
      let run = try ProgramRun(
        .worker,
        common + flags, in: place)
      let end = try run.finish(within: .seconds(300))
      #expect(end.status == Status.done, "\(end.errors)")
      return end
    }
  }
}
