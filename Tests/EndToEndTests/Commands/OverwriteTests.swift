import Foundation
import Glibc
import Testing

extension EndToEnd {
  /// Two runs that want one folder, one after the other or at once.
  @Suite struct OverwriteTests {
    let place: Workplace

    init() throws { place = try Workplace() }

    @Test(arguments: [ProgramRun.Program.launcher, .worker])
    func `a run is not written over without being asked to`(program: ProgramRun.Program) throws {
      #expect(try start(.worker, "--no-aug").finish().status == Status.done)
      try "mine".write(toFile: place.output("out") + "/notes.md", atomically: false, encoding: .utf8)
      let before = try contents()
      let refused = try start(program).finish()
      #expect(refused.status == Status.badConfiguration)
      let best = try #require(try RunFiles(folder: place.output("out")).epochs()[0].values["test_acc1"])
      #expect(refused.errors.contains("holds a run (best Acc@1 \(String(format: "%.1f", best).dropLast(2))"))
      for way in ["in epoch 0", "--resume auto", "--output_dir", "--overwrite"] {
        #expect(refused.errors.contains(way), "\(refused.errors)")
      }
      #expect(try contents() == before && place.leftovers.isEmpty)

      #expect(try start(program, "--eval").finish().status == Status.done)
      let overwriting = try start(program, "--overwrite", "--seed", "1").finish()
      #expect(overwriting.status == Status.done, "\(overwriting.errors)")
      let after = try contents()
      #expect(after["notes.md"] == before["notes.md"])
      #expect(after["last.safetensors"] != before["last.safetensors"])
      #expect(try RunFiles(folder: place.output("out")).epochs().count == 1)
    }

    /// The flag is the first attempt's: another one would find its own run.
    @Test func `a run that was overwritten is not overwritten again by a restart`() throws {
      #expect(try start(.worker).finish().status == Status.done)
      let run = try start(
        .launcher, "--overwrite", "--epochs", "2", "--batch-size", "2", "--log-every", "1")
      try run.read(to: "Epoch: [1]  [ 3/")
      kill(try #require(run.workers[0]), SIGKILL)
      try run.read(to: "Resuming from \(place.output("out"))/checkpoints/epoch-0000: ")
      let end = try run.finish()
      #expect(end.status == Status.done, "\(end.errors)")
      #expect(try RunFiles(folder: place.output("out")).epochs().map { $0.values["epoch"] } == [0, 1])
    }

    @Test(arguments: [ProgramRun.Program.launcher, .worker], [ProgramRun.Program.launcher, .worker])
    func `whoever comes second is told who came first`(
      first: ProgramRun.Program, second: ProgramRun.Program
    ) throws {
      let run = try start(first, "--epochs", "9", "--batch-size", "1", "--run-dir", place.output("elsewhere"))
      try run.read(to: "Epoch: [0]")
      for resume in [[], ["--resume", "auto"], ["--overwrite"]] {
        let end = try start(second, resume).finish()
        #expect(end.status == Status.badConfiguration, "\(end.errors)")
        #expect(end.errors.contains("another run is writing to \(place.output("out")) ("), "\(end.errors)")
        #expect(end.errors.contains("pid \(run.identifier)"), "\(end.errors)")
      }
      run.send(SIGTERM)
      #expect(try run.finish().status == Status.stoppedEarly)
    }

    private func start(_ program: ProgramRun.Program, _ flags: String...) throws -> ProgramRun {
      try start(program, flags)
    }

    private func start(_ program: ProgramRun.Program, _ flags: [String]) throws -> ProgramRun {
      let isLauncher = program == .launcher
      let own = isLauncher ? ["--nproc", "2"] : []
      let flags = isLauncher ? flags : removingRunFolder(flags)
      return try ProgramRun(program, own + place.training("out") + flags, in: place)
    }

    /// It is the launcher's flag.
    private func removingRunFolder(_ flags: [String]) -> [String] {
      flags.firstIndex(of: "--run-dir").map { Array(flags[..<$0] + flags[($0 + 2)...]) } ?? flags
    }

    /// The files in the output folder but for the launcher's, by path.
    private func contents() throws -> [String: Data] {
      let folder = place.output("out")
      let files = try FileManager.default.subpathsOfDirectory(atPath: folder).filter { !$0.hasPrefix("run/") }
      return Dictionary(
        uniqueKeysWithValues: files.map {
          ($0, FileManager.default.contents(atPath: "\(folder)/\($0)") ?? Data())
        })
    }
  }
}
