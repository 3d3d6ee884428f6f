import Foundation
import TestSupport
import Testing

extension EndToEnd {
  @Suite struct SweepTests {
    let place: Workplace

    init() throws { place = try Workplace() }

    @Test func `a sweep that is killed, and one of whose runs is, ends with the table of one that is not`()
      throws
    {
      let whole = try sweep("whole", "--parallel", "2").finish()
      #expect(whole.status == Status.usage, "\(whole.errors)")
      #expect(whole.errors.contains("run-003 cannot start: --drop-path -1.0"))

      let first = try sweep("killed")
      try waitForSteps(of: "killed/run-001")
      let workers = try ProcessHandles(
        Dictionary(uniqueKeysWithValues: [(0, launcher(of: "killed/run-001"))]))
      first.send(SIGKILL)
      // Nothing of it goes on by itself.
      try workers.waitUntilGone(by: .now + ProgramRun.patience)
      let second = try sweep("killed")
      try second.read(to: "run-001 of 3 goes on")
      try waitForSteps(of: "killed/run-002")
      kill(try launcher(of: "killed/run-002"), SIGKILL)
      let end = try second.finish()
      #expect(end.status == Status.usage, "\(end.errors)")

      #expect(try table("killed") == table("whole"))
      #expect(try table("killed").split(separator: "\n").count { $0.hasSuffix(",done") } == 2)
      #expect(end.output.contains { $0.hasPrefix("  compare the best two  twins-launch compare ") })
      for run in ["run-001", "run-002"] {
        #expect(try weights("killed/\(run)") == weights("whole/\(run)"), "\(run)")
      }
    }

    /// A folder is in the place of a run's log, and for a while in that of the table.
    @Test func `what a sweep cannot write ends no run, and the same command makes up for it`() throws {
      let (table, log) = (place.output("blocked/sweep.csv"), place.output("blocked/run-002.log"))
      try FileManager.default.createDirectory(atPath: log, withIntermediateDirectories: true)
      let first = try sweep("blocked", "--parallel", "2")
      try first.read(to: "run-001 of 3 begins")
      try FileManager.default.removeItem(atPath: table)
      try FileManager.default.createDirectory(atPath: table, withIntermediateDirectories: true)
      let end = try first.finish()
      #expect(end.status == Status.inputOutput, "\(end.errors)")
      #expect(end.errors.contains("run-002 cannot start: cannot write to "), "\(end.errors)")
      #expect(end.errors.split(separator: "table cannot be written").count == 3, "\(end.errors)")
      #expect(
        end.errors.contains("remove what is in its place; the same command then writes it."), "\(end.errors)")
      #expect(end.output.contains { $0.hasPrefix("run-001: done") }, "\(end.output)")
      for path in [table, log] { try FileManager.default.removeItem(atPath: path) }
      let second = try sweep("blocked").finish()
      #expect(second.status == Status.usage, "\(second.errors)")
      #expect(try self.table("blocked").split(separator: "\n").count { $0.hasSuffix(",done") } == 2)
    }

    /// Two runs, and one that is refused.
    private func sweep(_ name: String, _ flags: String...) throws -> ProgramRun {
      let file = "\(place.folder)/\(name).json"
      try """
      {"flags": {"nproc": 1, "data-path": "\(place.images.path)", "device": "cpu", "model": "alt_gvt_nano",
                 "input-size": 32, "batch-size": 4, "epochs": 1, "lr-scaling": false, "warmup-epochs": 0,
                 "mixup": 0, "cutmix": 0, "log-every": 1, "lr": 1e-3},
       "grid": {"drop-path": [0, 0.1, -1]}, "output": "\(place.output(name))"}
      """.write(toFile: file, atomically: true, encoding: .utf8)
      return try ProgramRun(.launcher, ["sweep", file] + flags, in: place)
    }

    private func waitForSteps(of run: String) throws {
      let deadline = ContinuousClock.now + ProgramRun.patience
      while (try? RunFiles(folder: place.output(run)).steps())?.isEmpty ?? true {
        guard ContinuousClock.now < deadline else { throw TestError("\(run) makes no step") }
        pauseBetweenLooks()
      }
    }

    private func launcher(of run: String) throws -> pid_t {
      struct Line: Decodable { let launcher: pid_t? }
      let lines = String(
        decoding: try RunFiles(folder: place.output(run)).bytes("run/journal.jsonl"), as: UTF8.self)
      let found = lines.split(separator: "\n").compactMap {
        try? JSONDecoder().decode(Line.self, from: Data($0.utf8)).launcher
      }
      return try #require(found.last)
    }

    private func table(_ sweep: String) throws -> String {
      String(decoding: try RunFiles(folder: place.output(sweep)).bytes("sweep.csv"), as: UTF8.self)
    }

    private func weights(_ run: String) throws -> Data {
      try RunFiles(folder: place.output(run)).bytes("last.safetensors")
    }
  }
}
