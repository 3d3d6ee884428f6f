import Foundation
import Testing

@testable import Launcher

extension Trainings {
  /// Workers in the environment that torchrun gives, without it, and as a program of our own launcher.
  @Suite struct TorchrunTests {
    let place: Workplace

    init() throws { place = try Workplace() }

    private static let files = ["last.safetensors", "best.safetensors", "recipe.json", "log.txt"]

    private func training(_ output: String, _ flags: String...) -> [String] {
      place.training(output, "--epochs", "2", "--batch-size", "2", "--sum-group", "2") + flags
    }

    /// Every worker of `hosts` hosts with `hostSize` each.
    private func workers(
      _ arguments: [String], hosts: Int, of hostSize: Int, starting ranks: Range<Int>? = nil,
      restarts: Int = 0
    ) throws -> [ProgramRun] {
      let port = try FreePort.find()
      return try (ranks ?? 0..<hosts * hostSize).map { rank in
        try ProgramRun(
          .worker, arguments, in: place,
          variables: [
            "RANK": "\(rank)", "WORLD_SIZE": "\(hosts * hostSize)", "LOCAL_RANK": "\(rank % hostSize)",
            "LOCAL_WORLD_SIZE": "\(hostSize)", "GROUP_RANK": "\(rank / hostSize)",
            "GROUP_WORLD_SIZE": "\(hosts)", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": "\(port)",
            "TORCHELASTIC_RESTART_COUNT": "\(restarts)", "TORCHELASTIC_RUN_ID": "none",
            "TORCHELASTIC_USE_AGENT_STORE": "False",
            "TORCHELASTIC_ERROR_FILE": "\(place.folder)/error-\(rank).json",
          ])
      }
    }

    private func check(_ output: String, against whole: RunFiles) throws {
      let files = RunFiles(folder: place.output(output))
      for name in Self.files { #expect(try files.bytes(name) == whole.bytes(name), "\(output): \(name)") }
    }

    @Test func `workers that torchrun starts train the weights of those that our launcher starts`() throws {
      let end = try ProgramRun(.launcher, ["--nproc", "4"] + training("whole"), in: place).finish()
      #expect(end.status == Status.done, "\(end.errors)")
      let whole = RunFiles(folder: place.output("whole"))
      for (hosts, hostSize) in [(1, 4), (2, 2)] {
        for run in try workers(training("on-\(hosts)"), hosts: hosts, of: hostSize) {
          let end = try run.finish()
          #expect(end.status == Status.done, "\(end.errors)")
        }
        try check("on-\(hosts)", against: whole)
      }
      let own = try ProgramRun(
        .launcher,
        ["--nproc", "4", "--run-dir", place.output("exec"), "--exec", ProgramRun.path(of: .worker)]
          + training("executed"),
        in: place
      ).finish()
      #expect(own.status == Status.done, "\(own.errors)")
      try check("executed", against: whole)
      #expect(place.leftovers.isEmpty)
    }

    @Test func `a dry run is rank 0's`() throws {
      for (rank, run) in try workers(training("dry", "--dry-run"), hosts: 2, of: 2).enumerated() {
        let end = try run.finish()
        #expect(end.status == Status.done, "\(end.errors)")
        #expect(end.output.isEmpty == (rank > 0), "\(end.output)")
        #expect(rank == 0 || end.errors.isEmpty, "\(end.errors)")
      }
    }

    @Test func `a worker says whom it waits for`() throws {
      let run = try #require(try workers(training("out"), hosts: 1, of: 2, starting: 0..<1).first)
      try run.waitForErrors("rank 0 has waited 10 s for rank 1, of this host too: see what it says")
      run.send(SIGTERM)
      _ = try run.finish()
    }

    @Test func `a worker says so where another host is missing`() throws {
      let run = try #require(try workers(training("out"), hosts: 2, of: 1, starting: 0..<1).first)
      try run.waitForErrors(
        "rank 0 has waited 10 s for the workers of the other 1 of 2 hosts, which meet at 127.0.0.1")
      run.send(SIGTERM)
      _ = try run.finish()
    }

    @Test func `a folder with a run is refused by rank 0, in a file too, and gone on with where asked to`()
      throws
    {
      for run in try workers(training("out"), hosts: 1, of: 2) {
        let end = try run.finish()
        #expect(end.status == Status.done, "\(end.errors)")
      }
      // Torchrun ends the others.
      let again = try workers(training("out", "--overwrite"), hosts: 1, of: 2, restarts: 1)
      let refused = try again[0].finish()
      #expect(refused.status == Status.badConfiguration, "\(refused.errors)")
      let words = try String(contentsOfFile: "\(place.folder)/error-0.json", encoding: .utf8)
      #expect(words.contains("\"timestamp\"") && words.contains("--resume auto"), "\(words)")
      again[1].send(SIGTERM)
      _ = try again[1].finish()
      for run in try workers(training("out", "--resume", "auto"), hosts: 1, of: 2, restarts: 1) {
        let end = try run.finish()
        #expect(end.status == Status.done, "\(end.errors)")
      }
    }
  }
}
