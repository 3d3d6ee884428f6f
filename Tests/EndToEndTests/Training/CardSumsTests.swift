import Foundation
import Testing

@testable import Launcher

extension Trainings {
  /// Several workers with a card each, which sum their gradients there.
  @Suite struct CardSumsTests {
    let place: Workplace

    init() throws { place = try Workplace() }

    private static let recorded = "was recorded on npu:0: each one like it is a single launch from here on"

    private func training(_ output: String, workers: Int, _ flags: [String]) -> [String] {
      ["--nproc", "\(workers)"]
        + place.training(output, "--kernels", "reference", "--log-every", "1", "--batch-size", "2")
        + ["--device", "npu", "--device-library", ProgramRun.testCard] + flags
    }

    private func train(
      _ output: String, workers: Int = 2, _ flags: [String] = [], variables: [String: String] = [:]
    ) throws -> ProgramRun.End {
      try ProgramRun(.launcher, training(output, workers: workers, flags), in: place, variables: variables)
        .finish()
    }

    private func losses(_ output: String) throws -> [Double] {
      try RunFiles(folder: place.output(output)).steps().map(\.loss)
    }

    private func weights(_ output: String) throws -> Data {
      try RunFiles(folder: place.output(output)).bytes("last.safetensors")
    }

    @Test(arguments: ["O0", "O1"])
    func `cards sum as the workers do, but for the order`(precision: String) throws {
      let flags = [
        "--amp", precision, "--model-ema", "--mixup", "0.8", "--accumulate", "2", "--max-step", "6",
      ]
      let ends = try ["engine", "workers"].map { try train($0, flags + ["--sum-by", $0]) }
      for end in ends { #expect(end.status == Status.done, "\(end.errors)") }
      #expect(ends[0].output.contains("Gradients are summed on the cards, by HCCL"))
      #expect(ends[1].output.contains("Gradients are summed in the host's memory: --sum-by workers"))
      #expect(ends[0].output.contains { $0.hasSuffix(Self.recorded) }, "\(ends[0].output)")
      let (own, others) = (try losses("engine"), try losses("workers"))
      try #require(own.count == 6 && others.count == 6)
      // In bfloat16 what is rounded otherwise grows.
      let bound = precision == "O0" ? 1e-5 : 1e-2
      for (card, host) in zip(own, others) {
        #expect(abs(card - host) <= bound * host, "\(own) and \(others)")
      }
    }

    /// Launchers of two hosts, which are this machine, with two workers and cards each.
    @Test func `the cards of two hosts sum together, and come to the bytes of one host's`() throws {
      let flags = ["--epochs", "2", "--no-eval"]
      let port = try FreePort.find()
      let runs = try (0..<2).map { host in
        let place = ["--nnodes", "2", "--node-rank", "\(host)", "--rdzv-endpoint", "127.0.0.1:\(port)"]
        return try ProgramRun(
          .launcher, place + training("apart", workers: 2, flags), in: self.place,
          variables: ["TWINS_RDZV_KEY": String(repeating: "5a", count: 32)])
      }
      let ends = try runs.map { try $0.finish() }
      for end in ends { #expect(end.status == Status.done, "\(end.errors)") }
      #expect(ends[0].output.contains("Gradients are summed on the cards, by HCCL"), "\(ends[0].output)")
      #expect(ends[0].output.contains { $0.hasSuffix(Self.recorded) }, "\(ends[0].output)")
      #expect(try train("whole", workers: 4, flags).status == Status.done)
      #expect(try losses("apart") == losses("whole"))
      #expect(try weights("apart") == weights("whole"))
    }

    /// What is erased of two images has not always room on each card: then no rank repeats the step.
    @Test func `three ranks repeat a recorded step or make it anew, all alike`() throws {
      let flags = ["--epochs", "3", "--reprob", "0.02", "--no-eval", "--clip-grad", "0.5"]
      let ends = try ["graph", "plain"].map {
        try train($0, workers: 3, flags + ($0 == "plain" ? ["--no-graph"] : []))
      }
      for end in ends { #expect(end.status == Status.done, "\(end.errors)") }
      #expect(ends[0].output.contains { $0.hasSuffix(Self.recorded) }, "\(ends[0].output)")
      #expect(
        ends[0].output.filter { $0.contains("has inputs of other shapes than the recorded one") }.count == 1)
      #expect(try losses("graph") == losses("plain"))
      #expect(try weights("graph") == weights("plain"))
    }

    @Test func `where one card does not record, none does`() throws {
      let flags = ["--max-step", "5", "--no-eval"]
      let refused = try train(
        "refused", flags,
        variables: ["TEST_CARD_UNRECORDED": "aten::native_layer_norm", "TEST_CARD_UNRECORDED_RANK": "1"])
      let plain = try train("plain", flags + ["--no-graph"])
      #expect(refused.status == Status.done && plain.status == Status.done, "\(refused.errors)")
      let sentence =
        "Updates are made operation by operation, since another worker's card does not record them"
      #expect(refused.output.filter { $0 == sentence }.count == 1, "\(refused.output)")
      #expect(try weights("refused") == weights("plain"))
    }

    @Test func `a killed worker's run goes on to the bytes of one that was whole`() throws {
      let flags = ["--epochs", "2", "--checkpoint-every", "5", "--no-eval"]
      let run = try ProgramRun(
        .launcher, ["--max-restarts", "1"] + training("killed", workers: 2, flags), in: place)
      try run.read(to: "Epoch: [0]  [ 8/")
      kill(try run.waitForWorker(1), SIGKILL)
      let end = try run.finish()
      #expect(end.status == Status.done, "\(end.errors)")
      #expect(end.errors.contains("── rank 1 failed"), "\(end.errors)")
      // The other ends by itself: its card waits for a sum that never ends, and it does not.
      #expect(!end.errors.contains("with SIGKILL"), "\(end.errors)")
      #expect(try train("whole", flags).status == Status.done)
      #expect(try weights("killed") == weights("whole"))
      #expect(try losses("killed") == losses("whole"))
    }

    @Test func `a stopped run goes on to the bytes of one that was whole`() throws {
      let flags = ["--epochs", "2", "--no-eval"]
      let run = try ProgramRun(.launcher, training("parts", workers: 2, flags), in: place)
      try run.read(to: "Epoch: [0]  [ 5/")
      run.send(SIGTERM)
      #expect(try run.finish().status == Status.stoppedEarly)
      #expect(try train("parts", flags + ["--resume", "auto"]).status == Status.done)
      #expect(try train("whole", flags).status == Status.done)
      #expect(try weights("parts") == weights("whole"))
      #expect(try losses("parts") == losses("whole"))
    }

    /// Neighbours in the folder, of which each rank has one.
    @Test(arguments: [7, 13])
    func `an image that one rank cannot read ends all after the step before it`(number: Int) throws {
      let image = place.images.image("train", number)
      try Data("no image".utf8).write(to: URL(filePath: image))
      let (sums, flags) = (["engine", "workers"], ["--no-eval", "--no-shuffle", "--max-restarts", "0"])
      for by in sums {
        let end = try train(by, flags + ["--sum-by", by])
        #expect(end.status == Status.badData && end.errors.contains(image), "\(end.errors)")
      }
      // What is saved is of the steps that were made, and they are all told of.
      let saved = try sums.map { try RunFiles(folder: place.output($0)).names("checkpoints") }
      #expect(saved[0] == saved[1] && saved[0].count == 1, "\(saved)")
      let steps = try sums.map { try RunFiles(folder: place.output($0)).steps().map(\.step) }
      #expect(steps[0] == steps[1] && !steps[0].isEmpty)
      #expect(
        saved[0].first?.hasSuffix("-step-\(String(steps[0].count + 1_000_000).dropFirst())") == true,
        "\(saved)")
    }

    @Test func `what diverges ends all ranks after the same step`() throws {
      let end = try train(
        "wild", ["--lr", "1e30", "--clip-grad", "0", "--checkpoint-every", "1", "--no-eval"])
      #expect(end.status == Status.diverged)
      #expect(end.errors.contains("the training has diverged: loss nan"), "\(end.errors)")
    }

    @Test func `in float16 the cards sum, and the hosts decide`() throws {
      let end = try train(
        "float16", ["--amp", "O1", "--amp-dtype", "float16", "--max-step", "4", "--no-eval"])
      #expect(end.status == Status.done, "\(end.errors)")
      #expect(end.output.contains("Gradients are summed on the cards, by HCCL"))
      #expect(end.output.contains { $0.contains("moves the loss scale of float16") }, "\(end.output)")
    }
  }
}
