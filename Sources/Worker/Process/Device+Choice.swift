import Flags
import Foundation
import Recipe
import Torch

extension Device {
  /// The device that a worker computes on, now this thread's: of the kind asked for, or else of the best kind that suffices.
  ///
  /// - Parameter isDeterministic: Whether it is to come to the same bits each time.
  ///
  /// Throws a `Failure` when this worker would be without a device of the kind asked for, or `library`, which is to register
  /// one, does not.
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
  }

  /// The device of a command that runs as one worker, or as one of those of its `placement`.
  init(_ flags: DeviceFlags, for placement: RankEnvironment? = nil) throws {
    try self.init(
      flags.device, library: flags.deviceLibrary, isDeterministic: flags.deterministic,
      for: try placement ?? RankEnvironment([:]))
  }
}

extension DeviceChoice {
  /// The device kind that a user's word means; `gpu` and the reference's `gp` are CUDA.
  var kind: Device.Kind {
    switch self {
    case .cpu: .cpu
    case .cuda, .gpu, .gp: .cuda
    case .npu: .npu
    }
  }
}
