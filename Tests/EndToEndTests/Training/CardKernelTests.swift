import Foundation
import TestSupport
import Testing

extension Trainings {
  /// Trains on a card with kernels of our own: those of the test card, which the host's compiler made of the same source.
  @Suite struct CardKernelTests {
    let place: Workplace

    init() throws { place = try Workplace() }

    private func train(
      _ output: String, on device: String, _ flags: [String], variables: [String: String] = [:]
    ) throws -> ProgramRun.End {
      let training =
        place.training(output, "--kernels", "reference", "--log-every", "1", "--drop-path", "0.2")
        + ["--device", device] + (device == "npu" ? ["--device-library", ProgramRun.testCard] : []) + flags
      let end = try ProgramRun(.worker, training, in: place, variables: variables).finish()
      #expect(end.status == Status.done, "\(end.errors)")
      return end
    }

    private func losses(_ output: String) throws -> [Double] {
      try RunFiles(folder: place.output(output)).steps().map(\.loss)
    }

    private static let kernels = ["TWINS_CARD_KERNELS": ProgramRun.testCard]

    @Test(arguments: [("O0", 1e-6, 1e-6), ("O1", 1e-3, 1e-2)])
    func `a card with kernels trains as the CPU does`(precision: String, atFirst: Double, later: Double)
      throws
    {
      let flags = ["--amp", precision, "--model-ema", "--reprob", "0.5", "--mixup", "0.8"]
      let card = try train("card", on: "npu", flags, variables: Self.kernels)
      #expect(card.errors.contains("note: norms on npu:0 are made by the kernels of TWINS_CARD_KERNELS"))
      _ = try train("cpu", on: "cpu", flags)
      let (own, others) = (try losses("card"), try losses("cpu"))
      #expect(own.count == others.count && !own.isEmpty)
      for (step, (loss, expected)) in zip(own, others).enumerated() {
        #expect(abs(loss - expected) <= (step == 0 ? atFirst : later) * abs(expected), "\(step)")
      }
    }

    @Test(arguments: ["O0", "O1"])
    func `a recorded step with kernels trains to the bytes of one that is not`(precision: String) throws {
      let flags = ["--amp", precision, "--epochs", "2", "--mixup", "0.8", "--no-eval"]
      _ = try train("graph", on: "npu", flags, variables: Self.kernels)
      _ = try train("plain", on: "npu", flags + ["--no-graph"], variables: Self.kernels)
      #expect(
        try RunFiles(folder: place.output("graph")).bytes("last.safetensors")
          == RunFiles(folder: place.output("plain")).bytes("last.safetensors"))
    }

    private static let differs = "its norm differs from libtorch's by"

    @Test(arguments: [
      (["TWINS_CARD_KERNELS": ProgramRun.testCard, "TEST_CARD_WRONG_KERNELS": "all"], differs),
      // One of the widths of alt_gvt_small, and what only large maps have.
      (["TWINS_CARD_KERNELS": ProgramRun.testCard, "TEST_CARD_WRONG_KERNELS": "256"], differs),
      (["TWINS_CARD_KERNELS": ProgramRun.testCard, "TEST_CARD_WRONG_KERNELS": "rows"], differs),
      (
        ["TWINS_CARD_KERNELS": "/none/libtwins_cuda.so"],
        "/none/libtwins_cuda.so: cannot open shared object file"
      ),
    ])
    func `kernels that cannot be used are named, and change nothing`(variables: [String: String], why: String)
      throws
    {
      let flags = ["--max-step", "4", "--no-eval"]
      let refused = try train("refused", on: "npu", flags, variables: variables)
      #expect(
        refused.errors.contains("are not used on npu:0: \(why)"),
        "\(refused.errors)")
      _ = try train("without", on: "npu", flags)
      #expect(
        try RunFiles(folder: place.output("refused")).bytes("last.safetensors")
          == RunFiles(folder: place.output("without")).bytes("last.safetensors"))
    }
  }
}
