import Foundation
import Testing

extension EndToEnd {
  @Suite struct BadInputTests {
    let place: Workplace

    init() throws { place = try Workplace() }

    @Test(arguments: BadInput.folders + BadInput.flags)
    func `a worker refuses`(_ input: BadInput) throws {
      try input.spoil(place.images)
      let flags = place.training("out", "--batch-size", "1") + input.flags
      expect(input, try ProgramRun(.worker, flags, in: place).finish())
    }

    /// With --dry-run and without, in one line, and nothing is left.
    @Test(arguments: BadInput.launches, [[], ["--dry-run"]])
    func `a launcher refuses before a worker starts`(_ input: BadInput, flags: [String]) throws {
      try input.spoil(place.images)
      let end = try launch(input.flags + flags)
      #expect(end.status == input.status, "\(end.errors)")
      #expect(end.errors.hasSuffix("\n") && end.output.isEmpty)
      if flags.isEmpty, input.flags != ["--nproc", "0"] {
        #expect(end.errors.contains(input.message), "\(end.errors)")
        #expect(end.errors.count { $0 == "\n" } == 1, "\(end.errors)")
      }
      #expect(!FileManager.default.fileExists(atPath: place.output("out")))
    }

    @Test func `a launcher reports what shows only in training`() throws {
      expect(BadInput.diverging, try launch(BadInput.diverging.flags))
    }

    private func launch(_ flags: [String]) throws -> ProgramRun.End {
      let run = try ProgramRun(.launcher, ["--nproc", "2"] + place.training("out") + flags, in: place)
      defer {
        #expect(run.workers.isEmpty)
        #expect(place.leftovers.isEmpty)
      }
      return try run.finish()
    }

    @Test func `weights of another model are refused`() throws {
      let training = place.training("out", "--max-step", "1", "--no-eval")
      #expect(try ProgramRun(.worker, training, in: place).finish().status == Status.done)
      let refusals = [
        ("last.safetensors", "/last.safetensors holds other weights: "),
        ("checkpoints/epoch-0000", "the checkpoint is of alt_gvt_nano and the run of alt_gvt_small"),
      ]
      for (name, message) in refusals {
        let other = place.training(
          "other", "--model", "alt_gvt_small", "--resume", place.output("out") + "/" + name)
        let end = try ProgramRun(.worker, other, in: place).finish()
        #expect(end.status == Status.badConfiguration)
        #expect(end.errors.contains(message), "\(end.errors)")
        #expect(!FileManager.default.fileExists(atPath: place.output("other")))
      }
    }

    @Test func `a message that nobody can read does not change how a worker ends`() throws {
      let flags = place.training("out", "--resume", "/nowhere")
      #expect(
        try ProgramRun(.worker, flags, in: place, errorsTo: "/dev/full").finish().status
          == Status.missingInput)
    }

    @Test func `a CMYK JPEG and a grey PNG are fine`() throws {
      for split in ["train", "val"] {
        for name in ["cmyk.jpg", "grey.png"] {
          let copy = URL(fileURLWithPath: "\(place.images.path)/\(split)/red-rows/00-\(name)")
          try Fixture.bytes(name).write(to: copy)
        }
      }
      let end = try ProgramRun(.worker, place.training("out", "--batch-size", "2"), in: place).finish()
      #expect(end.status == Status.done, "\(end.errors)")
      #expect(end.output.contains { $0.hasPrefix("Accuracy of the network on the 21 test images: ") })
    }

    private func expect(_ input: BadInput, _ end: ProgramRun.End) {
      #expect(end.status == input.status, "\(end.errors)")
      #expect(end.errors.contains(input.message), "\(end.errors)")
    }
  }
}
