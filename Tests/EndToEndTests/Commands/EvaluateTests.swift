import Foundation
import Testing

extension EndToEnd {
  @Suite struct EvaluateTests {
    let place: Workplace

    init() throws { place = try Workplace() }

    private static let files = [
      "by-class.json", "confusion.csv", "evaluation.json", "misclassified.csv", "mistakes.html",
    ]

    private func run(
      _ program: ProgramRun.Program, _ arguments: [String], status: Int32 = Status.done
    ) throws -> ProgramRun.End {
      let end = try ProgramRun(program, arguments, in: place).finish()
      #expect(end.status == status, "\(arguments): \(end.errors)")
      return end
    }

    private struct Summary: Decodable {
      let acc1: Double
      let balanced_acc: Double
      let input_size: Int
      let images: Int
      let never_predicted: [String]
      let confusions: [Pair]

      struct Pair: Decodable {
        let images: Int
      }
    }

    private func summary(in folder: String) throws -> Summary {
      try JSONDecoder().decode(Summary.self, from: RunFiles(folder: folder).bytes("evaluation.json"))
    }

    /// What recognises little of its images: ten steps on a rate that hardly moves the weights.
    private func train(_ output: String) throws -> ProgramRun.End {
      try run(.worker, ["train"] + place.training(output, "--input-size", "64", "--lr", "1e-5"))
    }

    @Test func `any number of ranks writes the same bytes, at the size that the weights say`() throws {
      let training = try train("run")
      let folder = place.output("run")
      let accuracy = try #require(training.output.first { $0.hasPrefix("* Acc@1") })
      let page = try String(contentsOfFile: "\(folder)/report.html", encoding: .utf8)
      #expect(page.hasSuffix("</html>\n") && !training.errors.contains("report.html"), "of a worker alone")
      let alone = try run(
        .worker, ["evaluate", folder, "--data-path", place.images.path, "--batch-size", "4"])
      #expect(alone.output.contains(accuracy) && alone.errors.contains("run/best.safetensors (Acc@1"))
      let own = RunFiles(folder: "\(folder)/best-evaluation")
      #expect(try own.names() == Set(Self.files))
      for size in ["2", "3"] {
        let output = place.output("of-\(size)")
        let end = try run(
          .launcher,
          [
            "evaluate", "\(folder)/best.safetensors", "--data-path", place.images.path, "--batch-size", "4",
            "--nproc", size, "--output-dir", output,
          ])
        #expect(end.output.contains(accuracy) && end.output.contains { $0.hasPrefix("Written    \(output)") })
        for name in Self.files {
          #expect(try RunFiles(folder: output).bytes(name) == own.bytes(name), "\(name) of \(size) ranks")
        }
      }
      try expectFigures("\(folder)/best-evaluation", accuracy)
    }

    @Test func `a folder with fewer classes is evaluated by the names of those that it has`() throws {
      _ = try train("run")
      let weights = place.output("run") + "/last.safetensors"
      let command = ["evaluate", weights, "--data-path", place.images.path]
      _ = try run(.worker, command)
      let whole = try mistakes("run/last-evaluation")
      try FileManager.default.removeItem(atPath: "\(place.images.path)/val/\(ImageFolder.classes[0])")
      let end = try run(.worker, command)
      #expect(end.errors.contains("has no images of 1 of the 6 classes: \(ImageFolder.classes[0])"))
      #expect(
        try mistakes("run/last-evaluation") == whole.filter { !$0.contains("/\(ImageFolder.classes[0])/") })
      try FileManager.default.createDirectory(
        atPath: "\(place.images.path)/val/other", withIntermediateDirectories: true)
      try FileManager.default.copyItem(
        atPath: place.images.image("val", 1), toPath: "\(place.images.path)/val/other/1.png")
      #expect(
        try run(.worker, command, status: Status.badConfiguration).errors.contains("labels would shift"))
    }

    /// Path, class and answer of each image that was not found.
    private func mistakes(_ folder: String) throws -> Set<String> {
      let text = String(
        decoding: try RunFiles(folder: place.output(folder)).bytes("misclassified.csv"), as: UTF8.self)
      return Set(text.split(separator: "\n").map { $0[..<($0.lastIndex(of: ",") ?? $0.endIndex)] + "," })
    }

    private func expectFigures(_ folder: String, _ accuracy: String) throws {
      let summary = try summary(in: folder)
      #expect(accuracy.hasPrefix(String(format: "* Acc@1 %.3f ", summary.acc1)))
      #expect(summary.input_size == 64 && summary.images == ImageFolder.validationCount)
      let files = RunFiles(folder: folder)
      let mistakes = String(decoding: try files.bytes("misclassified.csv"), as: UTF8.self).split(
        separator: "\n")
      let wrong = summary.confusions.reduce(0) { $0 + $1.images }
      #expect(mistakes.count == 1 + wrong && wrong > 0)
      let confidences = mistakes.dropFirst().compactMap { Double($0.split(separator: ",").last ?? "") }
      #expect(confidences.count == wrong && confidences == confidences.sorted(by: >))
      let sheet = String(decoding: try files.bytes("mistakes.html"), as: UTF8.self)
      #expect(sheet.components(separatedBy: "src=\"data:image/png;base64,").count == 1 + wrong)
    }

    @Test func `predict takes files, folders and lists, and passes over what is no image`() throws {
      _ = try train("run")
      let folder = place.output("run")
      let single = try run(.worker, ["predict", "--weights", folder, "--csv", place.images.image("val", 3)])
      let all = try run(
        .worker, ["predict", "--weights", folder, "--csv", "--batch-size", "7", "\(place.images.path)/val"])
      #expect(all.output.count == 1 + ImageFolder.validationCount)
      #expect(all.output[0] == single.output[0] && all.output.contains(single.output[1]))
      let checkpoint = try run(
        .worker,
        [
          "predict", "--weights", "\(folder)/checkpoints", "--csv", place.images.image("val", 3),
          "--attention",
          place.output("maps.html"),
        ])
      #expect(checkpoint.output == single.output)
      let maps = try String(contentsOfFile: place.output("maps.html"), encoding: .utf8)
      // The image, four stages with both kinds, and eight blocks.
      #expect(maps.components(separatedBy: "<figure>").count == 1 + 1 + 8 + 8 && maps.hasSuffix("</html>\n"))

      let bad = place.images.image("val", 7)
      try "Remember the milk".write(toFile: bad, atomically: false, encoding: .utf8)
      let list = place.output("list.txt")
      try "\(place.images.path)/val\r\n\n/nowhere.png\n".write(
        toFile: list, atomically: false, encoding: .utf8)
      let some = try run(
        .worker, ["predict", "--weights", folder, "--csv", "--from", list], status: Status.badData)
      #expect(some.output == all.output.filter { !$0.hasPrefix(bad) })
      #expect(some.errors.contains("\(bad) is not an image") && some.errors.contains("/nowhere.png"))
      let piped = try ProgramRun(
        command: "twins-launch predict --weights \(folder) --csv --from - < \(list)", in: place
      ).finish()
      #expect(piped.status == Status.badData && piped.output == some.output)
    }
  }
}
