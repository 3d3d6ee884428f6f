import Foundation
import TestSupport
import Testing

extension EndToEnd {
  /// A real disk without room under a whole run.
  @Suite(.enabled(if: SmallDisk.isPossible)) struct FullDiskTests {
    let place: Workplace

    init() throws { place = try Workplace() }

    /// Even a worker's death in that time is survived, and the end waits for room.
    @Test func `a disk that is full for most of a run costs it neither steps nor lines nor weights`() throws {
      #expect(try launch(in: place.output("whole")).finish().status == Status.done)
      let (place, whole) = (place, RunFiles(folder: place.output("whole")))
      try SmallDisk.run(size: "64m") { disk in
        let output = "\(disk.path)/run"
        let run = try Self.launch(in: output, at: place)
        try run.read(to: "Epoch: [0]  [10/15]")
        var ballast = [try disk.fill(leaving: 0)]
        try run.waitForErrors("was not saved: ")
        // What was half-written then has given its room back.
        ballast.append(try disk.fill(leaving: 0))
        try run.read(to: "Epoch: [1]  [12/15]")
        kill(try #require(run.workers[1]), SIGKILL)
        try run.read(to: "Resuming from")
        try run.read(to: "Epoch: [2]  [ 5/15]")
        try run.waitForErrors("minutes are waited for room")
        for file in ballast { try FileManager.default.removeItem(atPath: file) }
        let end = try run.finish()
        #expect(end.status == Status.done, "\(end.errors)")
        #expect(end.errors.contains(#/the weights after epoch [01] were not written: /#), "\(end.errors)")
        #expect(end.errors.contains(": No space left on device. What belongs there is kept"), "\(end.errors)")
        let files = RunFiles(folder: output)
        for name in ["last.safetensors", "log.txt"] {
          #expect(try files.bytes(name) == whole.bytes(name), "\(name) differs")
        }
        #expect(try files.steps() == whole.steps())
        #expect(try files.names("checkpoints").contains("epoch-0002"))
      }
      #expect(place.leftovers.isEmpty)
    }

    private func launch(in output: String) throws -> ProgramRun { try Self.launch(in: output, at: place) }

    /// Three epochs of fifteen steps, with checkpoints of 21 MB.
    private static func launch(in output: String, at place: Workplace) throws -> ProgramRun {
      let flags = [
        "--epochs", "3", "--batch-size", "2", "--log-every", "1", "--checkpoint-every", "4", "--keep", "1",
      ]
      return try ProgramRun(
        .launcher, ["--nproc", "2"] + place.training("unused") + ["--output_dir", output] + flags, in: place)
    }
  }
}
