import Foundation
import Testing

extension Trainings {
  /// Trainings on data sets with damaged images in them: `--skip-damaged`.
  @Suite struct SkipTests {
    let place: Workplace

    init() throws { place = try Workplace() }

    // The first two of a class in the order of names, 2 and 20, and the one after them.
    private var image: String { place.images.image("train", 2) }
    private var next: String { place.images.image("train", 20) }

    private func damage(_ path: String) throws {
      try Data("Remember the milk".utf8).write(to: URL(fileURLWithPath: path))
    }

    private func train(_ output: String, workers: Int, _ flags: String...) throws -> ProgramRun.End {
      let training = place.training(output, "--batch-size", "\(8 / workers)", "--epochs", "2") + flags
      return try ProgramRun(.launcher, ["--nproc", "\(workers)"] + training, in: place).finish()
    }

    private func files(_ output: String) -> RunFiles { RunFiles(folder: place.output(output)) }

    @Test func `a damaged image is replaced by its successor, named once and counted`() throws {
      let whole = try Data(contentsOf: URL(fileURLWithPath: next))
      try whole.write(to: URL(fileURLWithPath: image))
      #expect(try train("twice", workers: 2).status == Status.done)
      try damage(image)
      for workers in [1, 2] {
        let end = try train("skipping-\(workers)", workers: workers, "--skip-damaged", "1")
        #expect(end.status == Status.done, "\(end.errors)")
        let names = end.errors.matches(of: /skipped, as image 1 of 1 in this epoch: .*2\.png is not/)
        #expect(names.count == 1, "\(end.errors)")
        let epochs = try files("skipping-\(workers)").epochs()
        #expect(epochs.map { $0.values["skipped_pictures"] } == [1, 1])
      }
      let (twice, skipping) = (files("twice"), files("skipping-2"))
      #expect(try skipping.bytes("last.safetensors") == twice.bytes("last.safetensors"))
      #expect(try skipping.steps() == twice.steps())
      #expect(try twice.epochs().allSatisfy { $0.values["skipped_pictures"] == nil })
      for (one, two) in zip(try files("skipping-1").steps(), try skipping.steps()) {
        #expect(abs(one.loss - two.loss) <= 1e-4 * abs(two.loss))
      }
    }

    @Test func `one damaged image more than may be skipped ends the run after it has saved`() throws {
      let bytes = try [image, next].map { try Data(contentsOf: URL(fileURLWithPath: $0)) }
      for path in [image, next] { try damage(path) }
      let end = try train("out", workers: 2, "--skip-damaged", "1")
      #expect(end.status == Status.badData, "\(end.errors)")
      #expect(
        end.errors.contains("this epoch has 2 damaged images, and --skip-damaged allows 1"), "\(end.errors)"
      )
      #expect(end.errors.contains("/checkpoints/epoch-0000-step-0000"), "\(end.errors)")
      let advice = try #require(end.errors.firstMatch(of: /twins-worker dataset scan .* --list/))
      let listed = try ProgramRun(command: String(advice.output), in: place).finish()
      #expect(listed.output == [image, next])
      for (path, bytes) in zip([image, next], bytes) { try bytes.write(to: URL(fileURLWithPath: path)) }
      let resumed = try train("out", workers: 2, "--skip-damaged", "1", "--resume", "auto")
      #expect(resumed.status == Status.done, "\(resumed.errors)")
      // What the epoch had skipped before it was saved is counted with it.
      #expect(try files("out").epochs().map { $0.values["skipped_pictures"] } == [2, 0])
    }

    @Test func `a missing image is not skipped`() throws {
      try FileManager.default.removeItem(atPath: image)
      try FileManager.default.createSymbolicLink(atPath: image, withDestinationPath: "nowhere.png")
      let end = try train("out", workers: 1, "--skip-damaged", "9")
      #expect(end.status == Status.missingInput, "\(end.errors)")
    }
  }
}
