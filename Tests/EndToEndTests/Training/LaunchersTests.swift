import Foundation
import Testing

@testable import Launcher

extension Trainings {
  /// Launchers of several hosts, which are this machine, with two workers each.
  @Suite struct LaunchersTests {
    let place: Workplace

    init() throws { place = try Workplace() }

    private static let files = [
      "last.safetensors", "last_ema.safetensors", "best.safetensors", "recipe.json", "log.txt",
    ]

    private func training(_ output: String) -> [String] {
      place.training(
        output, "--epochs", "2", "--batch-size", "2", "--log-every", "1", "--mixup", "0.8", "--cutmix", "1",
        "--model-ema", "--model-ema-decay", "0.9")
    }

    /// The run that all others are to equal: one host, whose workers are added up by twos.
    private func wholeRun() throws -> RunFiles {
      let end = try ProgramRun(
        .launcher, ["--nproc", "4", "--sum-group", "2"] + training("whole"), in: place
      ).finish()
      #expect(end.status == Status.done, "\(end.errors)")
      return RunFiles(folder: place.output("whole"))
    }

    private func hosts(_ output: String, _ flags: String...) throws -> [ProgramRun] {
      let port = try FreePort.find()
      return try (0..<2).map { host in
        let launch = [
          "--nproc", "2", "--nnodes", "2", "--node-rank", "\(host)", "--rdzv-endpoint", "127.0.0.1:\(port)",
        ]
        return try ProgramRun(
          .launcher, launch + training(output) + flags, in: place,
          variables: ["TWINS_RDZV_KEY": String(repeating: "5a", count: 32)])
      }
    }

    private func check(_ output: String, against whole: RunFiles) throws {
      let files = RunFiles(folder: place.output(output))
      for name in Self.files { #expect(try files.bytes(name) == whole.bytes(name), "\(name) differs") }
    }

    @Test func `two hosts train the weights of one, and a worker that is lost changes none of them`() throws {
      let whole = try wholeRun()
      let runs = try hosts("apart")
      for run in runs {
        let end = try run.finish()
        #expect(end.status == Status.done, "\(end.errors)")
        #expect(end.errors.contains("twins-launch: 4 workers finished in "), "\(end.errors)")
      }
      try check("apart", against: whole)
      let files = RunFiles(folder: place.output("apart"))
      #expect(try files.names("run/logs/attempt-0") == ["rank-0.log", "rank-1.log"])
      #expect(try files.names("run/host-1/logs/attempt-0") == ["rank-2.log", "rank-3.log"])

      let broken = try hosts("broken")
      try broken[0].read(to: "Epoch: [1]")
      kill(try #require(broken[1].workers[3]), SIGKILL)
      for run in broken {
        let end = try run.finish()
        #expect(end.status == Status.done, "\(end.errors)")
        #expect(end.errors.contains("── rank 3 failed ──"), "\(end.errors)")
        #expect(end.errors.contains("killed by SIGKILL (signal 9)"), "\(end.errors)")
        #expect(run.workers.isEmpty)
      }
      try check("broken", against: whole)
      #expect(place.leftovers.isEmpty)
    }

    @Test func `two hosts evaluate weights as what these say they are`() throws {
      let training = try ProgramRun(.worker, place.training("one", "--no-eval"), in: place).finish()
      #expect(training.status == Status.done, "\(training.errors)")
      let weights = "\(place.output("one"))/last.safetensors"
      // The second host has the same bytes elsewhere.
      let copy = "\(place.folder)/copy.safetensors"
      try FileManager.default.copyItem(atPath: weights, toPath: copy)
      func evaluation(_ weights: String) -> [String] {
        ["--eval", "--resume", weights, "--data-path", place.images.path, "--device", "cpu"]
      }
      let alone = try ProgramRun(.worker, evaluation(weights), in: place).finish()
      let accuracy = try #require(alone.output.first { $0.hasPrefix("* Acc@1") })
      let port = try FreePort.find()
      let runs = try (0..<2).map { host in
        let launch = [
          "--nproc", "1", "--nnodes", "2", "--node-rank", "\(host)", "--rdzv-endpoint", "127.0.0.1:\(port)",
        ]
        return try ProgramRun(.launcher, launch + evaluation(host == 0 ? weights : copy), in: place)
      }
      let ends = try runs.map { try $0.finish() }
      for end in ends { #expect(end.status == Status.done, "\(end.errors)") }
      #expect(ends[0].output.contains(accuracy), "\(ends[0].output)")
    }

    @Test func `a signal to the second host stops both after the same step, and one host goes on`() throws {
      let whole = try wholeRun()
      let runs = try hosts("stopped")
      try runs[0].read(to: "Epoch: [1]")
      runs[1].send(SIGTERM)
      for run in runs {
        let end = try run.finish()
        #expect(end.status == Status.stoppedEarly, "\(end.errors)")
      }
      let end = try ProgramRun(
        .launcher, ["--nproc", "4", "--sum-group", "2"] + training("stopped") + ["--resume", "auto"],
        in: place
      ).finish()
      #expect(end.status == Status.done, "\(end.errors)")
      try check("stopped", against: whole)
    }

    @Test func `a launcher that is killed ends the workers of all hosts, and all go on with another`() throws
    {
      let whole = try wholeRun()
      let port = try FreePort.find()
      func host(_ number: Int) throws -> ProgramRun {
        try ProgramRun(
          .launcher,
          [
            "--nproc", "2", "--nnodes", "2", "--node-rank", "\(number)", "--rdzv-endpoint",
            "127.0.0.1:\(port)",
          ] + training("replaced"), in: place)
      }
      let (first, second) = (try host(0), try host(1))
      try first.read(to: "Epoch: [1]")
      second.send(SIGKILL)
      try first.waitForErrors("── host 1 was lost ──")
      let third = try host(1)
      for run in [first, third] {
        let end = try run.finish()
        #expect(end.status == Status.done, "\(end.errors)")
      }
      try check("replaced", against: whole)
      #expect(try second.finish().status == 128 + SIGKILL)
    }

    /// As one host does that goes on from the same checkpoint with the same updates in more batches.
    @Test func `a host that is left goes on with the same updates`() throws {
      let port = try FreePort.find()
      func run(_ output: String, _ launch: [String], _ flags: String...) throws -> ProgramRun {
        try ProgramRun(.launcher, launch + training(output) + flags, in: place)
      }
      func host(_ number: Int) throws -> ProgramRun {
        try run(
          "left",
          [
            "--nproc", "2", "--nnodes", "2", "--node-rank", "\(number)", "--rdzv-endpoint",
            "127.0.0.1:\(port)",
            "--min-nnodes", "1", "--host-wait", "1",
          ], "--keep", "9")
      }
      let (first, second) = (try host(0), try host(1))
      try first.read(to: "Epoch: [1]")
      second.send(SIGKILL)
      let end = try first.finish()
      #expect(end.status == Status.done, "\(end.errors)")
      #expect(
        end.errors.contains("each worker takes 2 batches of 2 images, so an update has the same 8"),
        "\(end.errors)")
      #expect(!end.errors.contains("another run"), "\(end.errors)")
      let left = RunFiles(folder: place.output("left"))
      let saved = try #require(left.names("checkpoints").sorted().first)
      let whole = try run(
        "alone", ["--nproc", "2"], "--resume", "\(left.folder)/checkpoints/\(saved)", "--accumulate", "2"
      ).finish()
      #expect(whole.status == Status.done, "\(whole.errors)")
      let alone = RunFiles(folder: place.output("alone"))
      for name in ["last.safetensors", "last_ema.safetensors"] {
        #expect(try left.bytes(name) == alone.bytes(name), "\(name) differs")
      }
      // A run that goes on with both hosts has the values that it was begun with.
      let recipe = try run("left", ["--nproc", "4"], "--resume", "auto", "--print-config").finish()
      #expect(recipe.output.joined(separator: "\n").contains(#/accumulation +1 /#), "\(recipe.output)")
    }

    /// The images of the second host lie elsewhere.
    private func twoDisks(_ images: String) throws -> [ProgramRun.End] {
      let port = try FreePort.find()
      return try (0..<2).map { host in
        try ProgramRun(
          .launcher,
          [
            "--nproc", "2", "--nnodes", "2", "--node-rank", "\(host)", "--rdzv-endpoint", "127.0.0.1:\(port)",
          ] + training("disks") + (host == 1 ? ["--data-path", images] : []), in: place)
      }.map { try $0.finish() }
    }

    @Test func `a host without the images ends all with its own status, and is named`() throws {
      let ends = try twoDisks("\(place.folder)/nowhere")
      for end in ends { #expect(end.status == Status.missingInput, "\(end.errors)") }
      #expect(ends[0].errors.contains("── host 1 cannot start, and the run was stopped"), "\(ends[0].errors)")
      #expect(ends[0].errors.contains("no such folder: \(place.folder)/nowhere"), "\(ends[0].errors)")
    }

    @Test func `a host with other images ends all with one sentence that names both sides`() throws {
      let images = "\(place.folder)/fewer"
      try FileManager.default.copyItem(atPath: place.images.path, toPath: images)
      let train = "\(images)/train"
      let name = try #require(
        FileManager.default.subpaths(atPath: train)?.sorted().first {
          $0.hasSuffix(".png") || $0.hasSuffix(".ppm")
        })
      try FileManager.default.removeItem(atPath: "\(train)/\(name)")
      for end in try twoDisks(images) {
        #expect(end.status == Status.badConfiguration, "\(end.errors)")
        #expect(
          end.errors.contains(
            /rank 2 on host 1 sees \d+ images in \d+ classes \(digest [0-9a-f]+\) in train\/ and rank 0/),
          "\(end.errors)")
      }
    }
  }
}
