import Collective
import Foundation
import Testing
import Wire
import WorkerLink

extension Trainings {
  /// Workers of several hosts, which are addresses of this machine, started as their launchers would.
  @Suite struct HostsTests {
    let place: Workplace

    init() throws { place = try Workplace() }

    private static let flags = ["--batch-size", "2", "--model-ema", "--model-ema-decay", "0.5"]

    /// What a run leaves that tells of its numbers.
    private func results(_ output: String) throws -> [Data] {
      let files = RunFiles(folder: place.output(output))
      return try ["last.safetensors", "last_ema.safetensors", "best.safetensors", "recipe.json"].map {
        try files.bytes($0)
      }
    }

    @Test(arguments: [(2, 2), (4, 1)])
    func `workers of several hosts train the weights of one host with sum groups`(hosts: Int, hostSize: Int)
      throws
    {
      let together = place.training("together", "--sum-group", "\(hostSize)") + Self.flags
      let end = try ProgramRun(.launcher, ["--nproc", "4"] + together, in: place).finish()
      #expect(end.status == Status.done, "\(end.errors)")
      for (name, more) in [("apart", []), ("plain", ["--no-shard-optimizer", "--no-overlap"])] {
        let runs = try HostRuns(hosts, of: hostSize, place.training(name) + Self.flags + more, in: place)
        for (rank, end) in try runs.finish().enumerated() {
          #expect(end.status == Status.done, "rank \(rank): \(end.errors)")
          #expect(!end.errors.contains("c10d"), "rank \(rank): \(end.errors)")
        }
        #expect(try results(name) == results("together"), "\(name)")
      }
    }

    @Test func `a worker that is killed ends those of all hosts, each with a sentence`() throws {
      let runs = try HostRuns(2, of: 2, place.training("out", "--epochs", "1000", "--no-eval"), in: place)
      try runs.workers[0].read(to: "Epoch: [0]")
      kill(runs.workers[3].identifier, SIGKILL)
      let watch = ContinuousClock.now
      let ends = try runs.finish()
      #expect(.now - watch < .seconds(25))
      #expect(ends[3].status == 128 + SIGKILL)
      for rank in 0..<3 {
        #expect(ends[rank].status == Status.software, "rank \(rank): \(ends[rank].errors)")
        #expect(!ends[rank].errors.isEmpty)
      }
      for rank in 0..<3 { #expect(ends[rank].errors.contains("rank 3"), "\(ends[rank].errors)") }
    }
  }
}

/// The workers of a run on several hosts, whose addresses are 127.0.0.1 and so on.
private final class HostRuns {
  /// By rank.
  let workers: [ProgramRun]
  private let folders: [String]

  init(_ hosts: Int, of hostSize: Int, _ arguments: [String], in place: Workplace) throws {
    let (socket, port) = try #require(IPAddress("127.0.0.1")?.listen())
    defer { close(socket) }
    let folders = (0..<hosts).map { "\(place.folder)/\(UUID().uuidString.prefix(8))-\($0)" }
    for folder in folders {
      try FileManager.default.createDirectory(
        atPath: folder, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
    }
    self.folders = folders
    workers = try (0..<hosts * hostSize).map { rank in
      let host = rank / hostSize
      var ring = RingRendezvous(
        rank: rank, size: hosts * hostSize, run: "test", generation: 0, directory: folders[host])
      ring.transport = .ipc
      // The first worker's stdin is the socket at which the store listens.
      let link = HostLink(
        hosts: hosts, host: host, address: "127.0.0.\(host + 1)", storeAddress: "127.0.0.1", storePort: port,
        storeSocket: rank == 0 ? STDIN_FILENO : nil, run: "test", generation: 0)
      let standing = [
        TorchrunVariable.localRank.rawValue: "\(rank % hostSize)",
        TorchrunVariable.localWorldSize.rawValue: "\(hostSize)",
      ]
      return try ProgramRun(
        .worker, ["train"] + arguments, in: place,
        variables: ring.environment.merging(link.environment) { $1 }.merging(standing) { $1 },
        input: rank == 0 ? FileHandle(fileDescriptor: socket) : .nullDevice)
    }
  }

  /// How each worker ended, by rank.
  func finish() throws -> [ProgramRun.End] { try workers.map { try $0.finish() } }

  deinit { for folder in folders { try? FileManager.default.removeItem(atPath: folder) } }
}
