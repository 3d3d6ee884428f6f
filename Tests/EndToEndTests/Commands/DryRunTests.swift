import Foundation
import Testing

extension EndToEnd {
  @Suite struct DryRunTests {
    let place: Workplace

    init() throws { place = try Workplace() }

    @Test func `a dry run says what a run would be, and leaves nothing`() throws {
      for (program, flags, step) in [
        (ProgramRun.Program.launcher, ["--nproc", "3"], "one update from 12 images (batch 4 × 3 workers)"),
        (.worker, [], "one update from 4 images"),
      ] {
        let end = try start(program, flags)
        #expect(end.status == Status.done, "\(end.errors)")
        for line in [
          "Recipe: alt_gvt_nano on 32 × 32 pixels for 1 epoch", "Images: 60 in 6 classes", "Steps: ",
          "Updates: ", "Memory: about ", "Time: not known", "Machine: ",
        ] {
          #expect(end.output.contains { $0.hasPrefix(line) }, "\(line): \(end.output)")
        }
        #expect(end.output.contains { $0.contains(step) }, "\(end.output)")
        #expect(!FileManager.default.fileExists(atPath: place.output("out")) && place.leftovers.isEmpty)
      }
    }

    @Test(arguments: [(2, "the other was"), (3, "the others were")])
    func `a dry run on one of several hosts says that it asks no other`(hosts: Int, others: String) throws {
      let end = try start(
        .launcher,
        ["--nproc", "1", "--nnodes", "\(hosts)", "--node-rank", "1", "--rdzv-endpoint", "127.0.0.1:1"])
      #expect(end.status == Status.done, "\(end.errors)")
      let line = "Hosts: \(hosts); this one alone was looked at, and \(others) not asked"
      #expect(end.output.contains(line), "\(end.output)")
    }

    @Test func `a dry run tries what is gone on from, and whether the folder is free`() throws {
      #expect(try start(.worker, [], dry: []).status == Status.done)
      let before = try FileManager.default.subpathsOfDirectory(atPath: place.output("out"))
      let launcher = ["--nproc", "2"]
      let resumed = try start(.launcher, launcher + ["--resume", "auto", "--epochs", "2"])
      #expect(resumed.status == Status.done, "\(resumed.errors)")
      #expect(resumed.output.contains { $0.hasPrefix("Resuming from ") }, "\(resumed.output)")
      // The run there was one worker's, and its steps are too short for a reckoning.
      #expect(resumed.output.contains { $0.hasPrefix("Time: not known") }, "\(resumed.output)")
      let same = try start(.worker, ["--resume", "auto", "--epochs", "2"])
      #expect(same.output.contains { $0.hasPrefix("Time: 0:00:") }, "\(same.output)")
      #expect(try start(.launcher, launcher + ["--overwrite"]).status == Status.done)
      let refused = try start(.launcher, launcher)
      #expect(refused.status == Status.badConfiguration)
      #expect(refused.errors.contains("holds a run (best Acc@1 "), "\(refused.errors)")
      let other = try start(.launcher, launcher + ["--resume", "auto", "--model", "alt_gvt_small"])
      #expect(other.status == Status.badConfiguration, "\(other.errors)")
      #expect(try FileManager.default.subpathsOfDirectory(atPath: place.output("out")) == before)
    }

    @Test func `printing the values of a run leaves it as it is`() throws {
      let launcher = ["--nproc", "2"]
      #expect(try start(.launcher, launcher, dry: []).status == Status.done)
      let files = RunFiles(folder: place.output("out"))
      let before = try (files.names("run"), files.bytes("run/launch.json"), files.bytes("recipe.json"))
      let end = try start(.launcher, launcher + ["--epochs", "9"], dry: ["--print-config"])
      #expect(end.status == Status.done && end.output.contains { $0.contains("epochs") }, "\(end.errors)")
      #expect(try (files.names("run"), files.bytes("run/launch.json"), files.bytes("recipe.json")) == before)
    }

    private func start(
      _ program: ProgramRun.Program, _ flags: [String], dry: [String] = ["--dry-run"]
    ) throws -> ProgramRun.End {
      try ProgramRun(program, place.training("out") + flags + dry, in: place).finish()
    }
  }
}
