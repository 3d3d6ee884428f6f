import Flags
import Foundation
import Recipe
import Torch

extension Device {
  /// Chooses this worker's device and makes it current: of the requested kind, or else of the best kind that
  /// has enough.
  ///
  /// - Parameter isDeterministic: Whether it is restricted to deterministic operations.
  ///
  /// Throws a `Failure` if there is no device of the requested kind for this worker, or `library`, which is
  /// to register one, does not.
  init(
    _ choice: DeviceChoice?, library: String? = nil, isDeterministic: Bool = false,
    for placement: RankEnvironment,
    _ environment: [String: String] = ProcessInfo.processInfo.environment
  ) throws(Failure) {
    if isDeterministic { Runtime.beDeterministic() }
    try DeviceLibrary.open(library, for: choice, environment)
    let survey = DeviceSurvey.now(environment)
    let kind = choice?.kind ?? survey.kind(forWorkers: placement.localWorldSize)
    guard kind == .cpu || placement.localRank < survey.count(of: kind) else {
      throw Failure(survey.refusal(of: kind, number: placement.localRank), exitStatus: .noDevice)
    }
    self.init(kind, index: kind == .cpu ? 0 : placement.localRank)
    if let fault = start() {
      throw Failure(
        "\(self) does not start: \(fault). npu-smi info shows what the driver sees.", exitStatus: .noDevice)
    }
    makeCurrent()
    openKernels(environment, isFirst: placement.isFirst)
  }

  /// Opens the kernels for cards that the environment names; without them libtorch's operations do the same.
  private func openKernels(_ environment: [String: String], isFirst: Bool) {
    guard kind != .cpu, let path = environment["TWINS_CARD_KERNELS"], !path.isEmpty else { return }
    let fault = CardKernels.open(path, for: self)
    guard isFirst else { return }
    Console.warn(
      fault.map { "note: the kernels of TWINS_CARD_KERNELS are not used on \(self): \($0)" }
        ?? "note: norms on \(self) are made by the kernels of TWINS_CARD_KERNELS")
  }

  /// The device of a command that runs as a single worker, or as one of those of its `placement`.
  init(_ flags: DeviceFlags, for placement: RankEnvironment? = nil) throws {
    try self.init(
      flags.device, library: flags.deviceLibrary, isDeterministic: flags.deterministic,
      for: try placement ?? RankEnvironment([:]))
  }
}

extension DeviceChoice {
  /// The kind of device that a flag's value means; `gpu` and the reference's `gp` mean CUDA.
  var kind: Device.Kind {
    switch self {
    case .cpu: .cpu
    case .cuda, .gpu, .gp: .cuda
    case .npu: .npu
    }
  }
}
