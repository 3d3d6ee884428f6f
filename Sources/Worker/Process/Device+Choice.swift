import Flags
import Recipe
import Torch

extension Device {
  /// The device that a worker computes on: of the kind asked for, or else of the best kind that suffices.
  ///
  /// Throws a `Failure` when this worker would be without a device of the kind asked for.
  init(_ choice: DeviceChoice?, for placement: RankEnvironment) throws(Failure) {
    let kind = choice?.kind ?? Self.bestKind(forWorkers: placement.localWorldSize)
    let count = Device.count(of: kind)
    guard kind == .cpu || placement.localRank < count else {
      throw Failure(
        "device \(kind) number \(placement.localRank) is not there: this libtorch (\(Runtime.version)) sees \(count). "
          + "Use --device cpu, fewer workers, or a libtorch built for it (TORCH_DIR).", exitStatus: .noDevice)
    }
    self.init(kind, index: kind == .cpu ? 0 : placement.localRank)
  }

  /// The first kind of which every worker of this host gets a device of its own: all compute on the same kind.
  private static func bestKind(forWorkers count: Int) -> Kind {
    [.npu, .cuda].first { Device.count(of: $0) >= count } ?? .cpu
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
