import Foundation
import Testing

@testable import Launcher

extension Trainings {
  /// Two hosts, which are this machine, with an output folder each.
  @Suite struct DisksTests {
    let place: Workplace

    init() throws { place = try Workplace() }

    private func training(_ output: String, _ flags: [String]) -> [String] {
      place.training(
        output, "--epochs", "2", "--batch-size", "2", "--log-every", "1", "--model-ema", "--model-ema-decay",
        "0.9")
        + flags
    }

    private func hosts(_ flags: String...) throws -> [ProgramRun] {
      let port = try FreePort.find()
      return try (0..<2).map { host in
        try ProgramRun(
          .launcher,
          [
            "--nproc", "2", "--nnodes", "2", "--node-rank", "\(host)", "--rdzv-endpoint", "127.0.0.1:\(port)",
          ] + training("disk-\(host)", flags), in: place)
      }
    }

    private func finish(_ runs: [ProgramRun]) throws -> [ProgramRun.End] {
      let ends = try runs.map { try $0.finish() }
      for end in ends { #expect(end.status == Status.done, "\(end.errors)") }
      return ends
    }

    private func disk(_ host: Int) -> RunFiles { RunFiles(folder: place.output("disk-\(host)")) }

    private func checkEqual(_ name: String) throws {
      let files = try disk(0).names("checkpoints/\(name)")
      #expect(files.count > 3)
      for file in files {
        let path = "checkpoints/\(name)/\(file)"
        #expect(try disk(0).bytes(path) == disk(1).bytes(path), "\(path) differs")
      }
    }

    /// The weights of a run on one disk.
    private func whole(_ flags: String...) throws -> Data {
      let end = try ProgramRun(
        .launcher, ["--nproc", "4", "--sum-group", "2"] + training("whole", flags), in: place
      ).finish()
      #expect(end.status == Status.done, "\(end.errors)")
      return try RunFiles(folder: place.output("whole")).bytes("last.safetensors")
    }

    @Test func `a second disk has the same checkpoints, and a run whose first disk is lost goes on from it`()
      throws
    {
      let ends = try finish(hosts("--checkpoint-copies", "2"))
      #expect(
        ends[0].errors.contains("note: host 1 will keep copies of the checkpoints"), "\(ends[0].errors)")
      #expect(try disk(0).names("checkpoints") == ["epoch-0000", "epoch-0001"])
      #expect(try disk(1).names("checkpoints") == ["epoch-0000", "epoch-0001"])
      for name in ["epoch-0000", "epoch-0001"] { try checkEqual(name) }

      try FileManager.default.removeItem(atPath: disk(0).folder)
      for end in try hosts("--epochs", "3", "--resume", "auto").map({ try $0.finish() }) {
        #expect(end.status == Status.badConfiguration, "\(end.errors)")
        #expect(end.errors.contains("host 0 has no whole checkpoint to go on from, and host 1 has one"))
      }
      let later = try finish(hosts("--checkpoint-copies", "2", "--epochs", "3", "--resume", "auto"))
      #expect(
        later[0].errors.contains("checkpoint epoch-0001 goes from host 1 to host 0"), "\(later[0].errors)")
      try checkEqual("epoch-0002")
      #expect(try disk(0).bytes("last.safetensors") == whole("--epochs", "3"))
      #expect(place.leftovers.isEmpty)
    }

    @Test func `a copy that is damaged is named, and the one before it is taken`() throws {
      _ = try finish(hosts("--checkpoint-copies", "2"))
      try FileManager.default.removeItem(atPath: disk(0).folder)
      let damaged = "\(disk(1).folder)/checkpoints/epoch-0001/state.json"
      try Data("{}".utf8).write(to: URL(fileURLWithPath: damaged))
      let ends = try finish(hosts("--checkpoint-copies", "2", "--resume", "auto"))
      let line = "warning: not resumed from: host 1: \(damaged): "
      #expect(
        ends[0].errors.split(separator: "\n").contains {
          $0.contains(line) && $0.hasSuffix("; epoch-0000 of host 1 is taken")
        }, "\(ends[0].errors)")
    }

    @Test func `after a failure a host without a checkpoint gets that of the first one`() throws {
      let runs = try hosts()
      try runs[0].read(to: "Epoch: [1]")
      kill(try #require(runs[1].workers[3]), SIGKILL)
      let ends = try finish(runs)
      #expect(
        ends[0].errors.contains("checkpoint epoch-0000 goes from host 0 to host 1"), "\(ends[0].errors)")
      #expect(
        ends[0].errors.contains("--checkpoint-copies 2 keeps them on another disk too"), "\(ends[0].errors)")
      #expect(try disk(0).bytes("last.safetensors") == whole())
      #expect(try !disk(1).names().contains("last.safetensors"))
    }

    @Test func `what one host began goes on on two, and a disk that takes no checkpoint is named`() throws {
      let alone = try ProgramRun(.worker, training("disk-0", ["--epochs", "1"]), in: place).finish()
      #expect(alone.status == Status.done, "\(alone.errors)")
      // A file in the place of the folder.
      let obstacle = "\(disk(1).folder)/checkpoints"
      try FileManager.default.createDirectory(atPath: disk(1).folder, withIntermediateDirectories: true)
      try Data().write(to: URL(fileURLWithPath: obstacle))
      for end in try hosts("--resume", "auto", "--max-restarts", "0").map({ try $0.finish() }) {
        #expect(end.status == Status.inputOutput, "\(end.errors)")
        #expect(end.errors.contains("── rank 2 failed"), "\(end.errors)")
        #expect(end.errors.contains("\(obstacle)"), "\(end.errors)")
      }
      try FileManager.default.removeItem(atPath: obstacle)
      for epochs in ["2", "3"] { _ = try finish(hosts("--resume", "auto", "--epochs", epochs)) }
    }

    @Test func `a folder with the checkpoints of another run is refused, and kept`() throws {
      let other = try ProgramRun(.worker, training("disk-1", ["--epochs", "1"]), in: place).finish()
      #expect(other.status == Status.done, "\(other.errors)")
      let ends = try hosts("--checkpoint-copies", "2").map { try $0.finish() }
      for end in ends { #expect(end.status == Status.badConfiguration, "\(end.errors)") }
      #expect(
        ends[0].errors.contains(
          "host 1: there are checkpoints of another run in the output folder"),
        "\(ends[0].errors)")
      #expect(try disk(1).names("checkpoints") == ["epoch-0000"])
    }
  }
}
