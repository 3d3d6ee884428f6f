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
      try leaveTwoImages(of: rare)
      let training = try train("--recipe", "small", "--epochs", "2")
      let dead = try #require(training.output.last { $0.hasPrefix("Never predicted: ") })
      let named = dead.split(separator: ": ").last?.split(separator: ", ").map(String.init) ?? []
      #expect(named.count >= 5 && Set(named).isSubset(of: rare), "\(dead)")
      #expect(dead.hasPrefix("Never predicted: \(named.count) of 10 classes: "))
      #expect(training.output.contains { $0.hasPrefix("Balanced accuracy ") && $0.contains("; worst: ") })
      let arguments = [
        "evaluate", place.output("out/last.safetensors"), "--data-path", drawings.path, "--nproc", "2",
      ]
      let evaluation = try ProgramRun(.launcher, arguments, in: place).finish()
      #expect(evaluation.status == Status.done, "\(evaluation.errors)")
      #expect(evaluation.output.contains(dead), "\(dead) is not in \(evaluation.output)")
      struct Summary: Decodable { let never_predicted: [String] }
      let bytes = try RunFiles(folder: place.output("out/last-evaluation")).bytes("evaluation.json")
      #expect(try JSONDecoder().decode(Summary.self, from: bytes).never_predicted == named)
    }

    private func leaveTwoImages(of classes: [String]) throws {
      for name in classes {
        let folder = "\(drawings.path)/train/\(name)"
        for image in try FileManager.default.contentsOfDirectory(atPath: folder).sorted().dropFirst(2) {
          try FileManager.default.removeItem(atPath: "\(folder)/\(image)")
        }
      }
    }

    private func train(_ flags: String...) throws -> ProgramRun.End {
      let run = try ProgramRun(
        .worker,
        [
          "--data-path", drawings.path, "--output_dir", place.output("out"), "--device", "cpu", "--model",
          "alt_gvt_nano", "--input-size", "64",
        ] + flags, in: place)
      let end = try run.finish(within: .seconds(300))
      #expect(end.status == Status.done, "\(end.errors)")
      return end
    }
  }
}
