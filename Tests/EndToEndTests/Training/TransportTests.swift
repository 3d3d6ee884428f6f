import Collective
import Foundation
import Testing

extension Trainings {
  /// What may not depend on how the ranks talk to each other.
  @Suite struct TransportTests {
    let place: Workplace

    init() throws { place = try Workplace() }

    @Test func `every transport trains the same weights`() throws {
      var weights: [TransportName: Data] = [:]
      for transport in TransportName.allCases {
        let launch = ["--nproc", "3", "--transport", transport.rawValue]
        let training = place.training(transport.rawValue, "--batch-size", "2", "--no-eval")
        let end = try ProgramRun(.launcher, launch + training, in: place).finish()
        #expect(end.status == Status.done, "\(transport): \(end.errors)")
        weights[transport] = try RunFiles(folder: place.output(transport.rawValue)).bytes("last.safetensors")
      }
      #expect(Set(weights.values).count == 1)
      #expect(place.leftovers.isEmpty)
    }

    @Test func `without room for shared memory auto goes over sockets and says so, shm is refused`() throws {
      let training = place.training("out", "--batch-size", "2", "--no-eval", "--shm-size", "64K")
      let auto = try ProgramRun(.launcher, ["--nproc", "3"] + training, in: place).finish()
      #expect(auto.status == Status.done, "\(auto.errors)")
      let reason =
        #/the buffer needs \d+ bytes of shared memory on this host, and --shm-size leaves \d+: raise/#
      let note = #/note: gradients travel over sockets, not through shared memory: /#
      #expect(auto.errors.matches(of: note).count == 1 && auto.errors.contains(reason), "\(auto.errors)")

      let explicit = try ProgramRun(
        .launcher, ["--nproc", "3", "--transport", "shm", "--overwrite"] + training, in: place
      ).finish()
      #expect(explicit.status == Status.badConfiguration, "\(explicit.errors)")
      #expect(explicit.errors.contains(reason) && !explicit.errors.contains("starting again"))
      #expect(place.leftovers.isEmpty)
    }

    @Test func `gradients in sixteen bits train other weights, the same over both kinds of sockets`() throws {
      var weights: [Data] = []
      for (name, transport, wire) in [
        ("whole", "ipc", "float32"), ("halves", "ipc", "bfloat16"), ("also", "tcp", "bfloat16"),
      ] {
        let launch = ["--nproc", "3", "--transport", transport]
        let training = place.training(name, "--batch-size", "2", "--no-eval", "--gradient-wire", wire)
        let end = try ProgramRun(.launcher, launch + training, in: place).finish()
        #expect(end.status == Status.done, "\(name): \(end.errors)")
        weights.append(try RunFiles(folder: place.output(name)).bytes("last.safetensors"))
      }
      #expect(weights[0] != weights[1] && weights[1] == weights[2])
    }

    @Test func `sum groups train weights of their own in shared memory, and are refused over sockets`() throws
    {
      var weights: [Data] = []
      for (name, flags) in [("all", []), ("pairs", ["--sum-group", "2"]), ("one", ["--sum-group", "4"])] {
        let training = place.training(name, "--batch-size", "2", "--no-eval") + flags
        let end = try ProgramRun(.launcher, ["--nproc", "4"] + training, in: place).finish()
        #expect(end.status == Status.done, "\(name): \(end.errors)")
        weights.append(try RunFiles(folder: place.output(name)).bytes("last.safetensors"))
      }
      // A file of weights says of which recipe they are, and four are one group of all.
      #expect(weights[0] != weights[1] && weights[0] == weights[2])
      let training = place.training("out", "--batch-size", "2", "--no-eval", "--sum-group", "2")
      let end = try ProgramRun(.launcher, ["--nproc", "4", "--transport", "ipc"] + training, in: place)
        .finish()
      #expect(end.status == Status.badConfiguration, "\(end.errors)")
      #expect(
        end.errors.contains("sums in groups of 2 workers (--sum-group) are taken in shared memory alone"))
      #expect(!end.errors.contains("starting again") && place.leftovers.isEmpty)
    }

    @Test(arguments: [1, 2, 3, 5, 8])
    func `every transport gives the same sum`(size: Int) throws {
      var sums: Set<String> = []
      for transport in TransportName.allCases {
        let report = try AllReduceRun(size, transport, in: place).report()
        #expect((report.ranks, report.repeats, report.transport) == (size, 2, transport.rawValue))
        #expect(report.medianMilliseconds > 0 && report.copyMilliseconds > 0)
        sums.insert(report.checksum)
      }
      #expect(sums.count == 1)
      #expect(place.leftovers.isEmpty)
    }

    @Test(arguments: TransportName.allCases)
    func `two launchers at once do not meet`(transport: TransportName) throws {
      let alone = try AllReduceRun(3, transport, in: place).report()
      let both = try [AllReduceRun(3, transport, in: place), AllReduceRun(3, transport, in: place)]
      for run in both { #expect(try run.report().checksum == alone.checksum) }
      #expect(place.leftovers.isEmpty)
    }

    @Test func `two hosts come to the sum of one`() throws {
      let one = try AllReduceRun(2, .shm, in: place).report()
      let two = try AllReduceRun(1, .shm, hosts: 2, in: place).report()
      // With two terms there is one order.
      #expect((two.ranks, two.hosts, two.checksum) == (2, 2, one.checksum))
      #expect(one.hosts == 1 && two.medianMilliseconds > 0)
      #expect(try AllReduceRun(2, .shm, hosts: 2, in: place).report().ranks == 4)
      #expect(place.leftovers.isEmpty)
    }

    @Test func `bench step compares steps with and without communication`() throws {
      let arguments = [
        "bench", "step", "--nproc", "2", "--model", "alt_gvt_nano", "--input-size", "32", "--batch-size", "2",
        "--steps", "3", "--json",
      ]
      let end = try ProgramRun(.launcher, arguments, in: place).finish()
      #expect(end.status == Status.done, "\(end.errors)")
      let line = try #require(end.output.first)
      let report = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
      #expect(end.output.count == 1 && report?["workers"] as? Int == 2)
      let speeds = ["images_per_second", "images_per_second_apart"].compactMap { report?[$0] as? Double }
      try #require(speeds.count == 2 && speeds[1] > 0)
      let efficiency = try #require(report?["efficiency"] as? Double)
      #expect(abs(efficiency - speeds[0] / speeds[1]) < 1e-9)
      #expect(place.leftovers.isEmpty)
    }

    @Test(arguments: [
      ["train", "--nproc", "2", "--transport", "rdma"], ["train", "--nproc", "2", "--shm-size", "much"],
      ["train", "--nproc", "2", "--hang-timeout", "-1"], ["bench", "all-reduce"],
      ["bench", "all-reduce", "--nproc", "0"], ["bench", "all-reduce", "--nproc", "2", "--megabytes", "0"],
      ["bench", "step", "--nproc", "2", "--model", "twin"],
      ["bench", "step", "--nproc", "2", "--steps", "0"],
    ])
    func `a launcher refuses`(arguments: [String]) throws {
      let end = try ProgramRun(.launcher, arguments, in: place).finish()
      #expect(end.status == Status.usage, "\(end.errors)")
      #expect(end.output.isEmpty && !end.errors.isEmpty)
    }
  }
}
