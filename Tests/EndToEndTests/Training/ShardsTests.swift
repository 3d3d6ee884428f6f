import Foundation
import Testing

@testable import Launcher

extension Trainings {
  /// Two hosts, which are this machine, with a part of a pack each: `--shards-by-host`.
  @Suite struct ShardsTests {
    let place: Workplace

    /// Six shards of train/ and two of val/, of which each host has half.
    init() throws {
      place = try Workplace()
      let packing = ["dataset", "pack", place.images.path, whole, "--shard-images", "10"]
      let end = try ProgramRun(.worker, packing, in: place).finish()
      try #require(end.status == Status.done, "\(end.errors)")
      for host in 0..<2 {
        try FileManager.default.copyItem(atPath: whole, toPath: part(host))
        for shard in [3, 4, 5] { try remove("train", host == 0 ? shard : shard - 3, from: host) }
        try remove("val", 1 - host, from: host)
      }
    }

    private var whole: String { "\(place.folder)/pack" }
    private func part(_ host: Int) -> String { "\(place.folder)/pack-\(host)" }

    private func remove(_ split: String, _ shard: Int, from host: Int) throws {
      try FileManager.default.removeItem(atPath: "\(part(host))/\(split)/shard-00000\(shard).tar")
    }

    private func training(_ output: String) -> [String] {
      place.training(output, "--epochs", "2", "--batch-size", "2", "--log-every", "1")
    }

    private func hosts(_ output: String, _ flags: String..., byHost: Bool = true) throws -> [ProgramRun] {
      try hosts([], training(output) + (byHost ? ["--shards-by-host"] : []) + flags)
    }

    private func hosts(_ command: [String], _ flags: [String]) throws -> [ProgramRun] {
      let port = try FreePort.find()
      return try (0..<2).map { host in
        let launch = [
          "--nproc", "2", "--nnodes", "2", "--node-rank", "\(host)", "--rdzv-endpoint", "127.0.0.1:\(port)",
        ]
        return try ProgramRun(.launcher, command + launch + flags + ["--data-path", part(host)], in: place)
      }
    }

    private func finish(_ runs: [ProgramRun], _ status: Int32 = Status.done) throws -> [ProgramRun.End] {
      let ends = try runs.map { try $0.finish() }
      for end in ends { #expect(end.status == status, "\(end.errors)") }
      return ends
    }

    private func weights(_ output: String) throws -> Data {
      try RunFiles(folder: place.output(output)).bytes("last.safetensors")
    }

    @Test func `hosts train on their parts, the same each time and after a stop, and evaluate all images`()
      throws
    {
      let ends = try finish(hosts("first"))
      #expect(
        ends[0].output.contains("Images by host: 30 on host 0, 30 on host 1; each takes 28 an epoch"),
        "\(ends[0].output)")
      let accuracy = try #require(ends[0].output.last { $0.hasPrefix("* Acc@1") })
      #expect(ends[0].output.contains { $0.contains("on the 19 test images") }, "\(ends[0].output)")

      let stopped = try hosts("stopped")
      try stopped[0].read(to: "Epoch: [1]")
      stopped[1].send(SIGTERM)
      _ = try finish(stopped, Status.stoppedEarly)
      _ = try finish(hosts("stopped", "--resume", "auto"))
      #expect(try weights("stopped") == weights("first"))
      #expect(place.leftovers.isEmpty)

      try expectSameEvaluation(of: "\(place.output("first"))/last.safetensors", accuracy)
    }

    /// One host with all shards counts the same, and shows the same mistakes; losses differ by what shares a batch.
    private func expectSameEvaluation(of weights: String, _ accuracy: String) throws {
      func evaluation(_ output: String) -> [String] {
        [weights, "--batch-size", "3", "--device", "cpu", "--output-dir", place.output(output)]
      }
      let alone = try ProgramRun(
        .worker, ["evaluate"] + evaluation("alone") + ["--data-path", whole], in: place
      ).finish()
      let ends = try finish(hosts(["evaluate"], evaluation("together") + ["--shards-by-host"]))
      #expect(ends[0].output.contains { $0.hasPrefix("Images by host: ") }, "\(ends[0].output)")
      let counted = accuracy.split(separator: " ").prefix(5)
      for output in [alone.output, ends[0].output] {
        #expect(output.contains { $0.split(separator: " ").prefix(5) == counted }, "\(accuracy): \(output)")
      }
      let files = ["alone", "together"].map { RunFiles(folder: place.output($0)) }
      #expect(try files[0].bytes("confusion.csv") == files[1].bytes("confusion.csv"))
      let shown = try files.map {
        pictures(of: String(decoding: try $0.bytes("mistakes.html"), as: UTF8.self))
      }
      #expect(shown[0] == shown[1] && !shown[0].isEmpty)
    }

    private func pictures(of page: String) -> [Substring] {
      page.matches(of: /base64,[^"]+/).map(\.output).sorted()
    }

    @Test func `other shards on the hosts are another run, which begins at an epoch's end`() throws {
      _ = try finish(hosts("out", "--checkpoint-every", "3", "--keep", "9"))
      let checkpoints = "\(place.output("out"))/checkpoints"
      // An epoch has seven steps.
      let within = try #require(
        RunFiles(folder: checkpoints).names().first { name in
          name.split(separator: "-step-").last.flatMap { Int($0) }.map { $0 % 7 > 0 } ?? false
        })
      // Host 1 gets a shard more, which it takes from host 0's.
      for shard in 0..<2 {
        let name = "train/shard-00000\(shard).tar"
        try FileManager.default.copyItem(atPath: "\(whole)/\(name)", toPath: "\(part(1))/\(name)")
        try FileManager.default.removeItem(atPath: "\(part(0))/\(name)")
      }
      let refused = try finish(
        hosts("refused", "--resume", "\(checkpoints)/\(within)"), Status.badConfiguration)
      #expect(refused[0].errors.contains("the checkpoint lies inside an epoch"), "\(refused[0].errors)")
      let ends = try finish(hosts("later", "--resume", "\(checkpoints)/epoch-0000"))
      #expect(ends[0].errors.contains("note: hosts have other shards"), "\(ends[0].errors)")
      #expect(
        ends[0].output.contains { $0.hasPrefix("Images by host: 10 on host 0, 50 on host 1") },
        "\(ends[0].output)")
    }

    @Test func `a shard that no host has ends all with its name, and one that is not here names the flag`()
      throws
    {
      let loose = try finish(hosts("loose", byHost: false), Status.missingInput)
      #expect(loose[0].errors.contains("3 of the 6 shards of \(part(0))/train"), "\(loose[0].errors)")
      #expect(loose[0].errors.contains("with --shards-by-host"), "\(loose[0].errors)")
      #expect(!FileManager.default.fileExists(atPath: place.output("loose")))
      let dry = try finish(hosts("dry", "--dry-run"))
      for (end, here) in zip(dry, ["(0–2), with 30 of its 60 images; not here: 3–5", "(3–5)"]) {
        #expect(
          end.output.contains { $0.hasPrefix("Shards here: 3 of the 6") && $0.contains(here) },
          "\(end.output)")
      }
      try remove("train", 4, from: 1)
      let ends = try finish(hosts("out"), Status.missingInput)
      #expect(
        ends[0].errors.contains(#/shard-000004\.tar of .*/train is whole on none of the 2 hosts/#),
        "\(ends[0].errors)")
    }

    @Test func `on one host that has all shards the flag changes nothing`() throws {
      for (output, flags) in [("with", ["--shards-by-host"]), ("without", [])] {
        let end = try ProgramRun(
          .launcher, ["--nproc", "2"] + training(output) + ["--data-path", whole] + flags, in: place
        ).finish()
        #expect(end.status == Status.done, "\(end.errors)")
      }
      #expect(try weights("with") == weights("without"))
      let folder = try ProgramRun(.worker, training("folder") + ["--shards-by-host"], in: place).finish()
      #expect(folder.status == Status.badConfiguration, "\(folder.errors)")
    }
  }
}
