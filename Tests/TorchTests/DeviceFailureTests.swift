import CTorch
import Testing

@testable import Torch

/// What a card's failure is taken for, by the words of its library.
@Suite struct DeviceFailureTests {
  @Test(arguments: [
    ("CUDA error: uncorrectable ECC error encountered", DeviceFailure.Kind.memoryError, "ROW_REMAPPER"),
    ("CUDA error: Invalidated due to contained error", .memoryError, "nvidia-smi -q"),
    ("UCE ERROR, error code is 507053", .memoryError, "npu-smi info -t ecc"),
    ("HBM MULTI BIT ECC ERROR", .memoryError, "another in its place"),
    ("CUDA error: GPU has fallen off the bus", .lost, "dmesg"),
    ("CUDA error: CUDA-capable device(s) is/are busy or unavailable", .lost, "nvidia-smi -L"),
    ("The device lost heartbeat: lost heartbeat, error code is 507010", .lost, "npu-smi info"),
    ("CUDA error: uncorrectable NVLink error detected during the execution", .failed, "dmesg"),
    ("CUDA error: an illegal memory access was encountered", .failed, "Another start"),
  ])
  func `a failure is told apart by its words, each with what to do`(
    words: String, kind: DeviceFailure.Kind, next: String
  ) throws {
    let failure = try #require(
      DeviceFailure(status: Int32(CT_DEVICE_FAILED.rawValue), "\(words)\nCompile with TORCH_USE_CUDA_DSA"))
    #expect(failure.kind == kind)
    #expect(failure.message == words)
    #expect(failure.description.contains(words) && failure.description.contains(next), "\(failure)")
    #expect(failure.exitStatus == 70)
  }

  @Test func `an operation without a deterministic form is none of the card's failures`() throws {
    let words =
      "x_cuda does not have a deterministic implementation, but you set 'torch.use_deterministic_algorithms'"
    let failure = try #require(DeviceFailure(status: Int32(CT_NOT_DETERMINISTIC.rawValue), words))
    #expect(failure.description.hasPrefix("--deterministic: x_cuda does not have"))
    #expect(failure.exitStatus == 78)
    #expect(DeviceFailure(status: Int32(CT_FAILED.rawValue), words) == nil)
  }
}
