import Flags
import Glibc
import Recipe
import Torch

extension Device {
  /// The device that a worker computes on: of the kind asked for, or else of the best kind that suffices.
  ///
  /// Throws a `Failure` when this worker would be without a device of the kind asked for, or `library`, which is to register
  /// one, does not.
  init(_ choice: DeviceChoice?, library: String? = nil, for placement: RankEnvironment) throws(Failure) {
    if let library { try Self.open(library) }
    let kind = choice?.kind ?? Self.bestKind(forWorkers: placement.localWorldSize)
    let count = Device.count(of: kind)
    guard kind == .cpu || placement.localRank < count else {
      throw Failure(
        "device \(kind) number \(placement.localRank) is not there: this libtorch (\(Runtime.version)) sees \(count). "
          + "Use --device cpu, fewer workers, or \(kind.provision).", exitStatus: .noDevice)
    }
    self.init(kind, index: kind == .cpu ? 0 : placement.localRank)
  }

  private static func open(_ library: String) throws(Failure) {
    guard access(library, F_OK) == 0 else {
      throw Failure(
        "--device-library \(library): there is no such file; name the library that registers the device, as "
          + "torch_npu's libtorch_npu.so", exitStatus: .noDevice)
    }
    // Without a slash the loader would look for it in its own folders.
    if let reason = Runtime.open(deviceLibrary: library.contains("/") ? library : "./\(library)") {
      throw Failure("--device-library \(library): \(reason)", exitStatus: .noDevice)
    }
  }

  /// The first kind of which every worker of this host gets a device of its own: all compute on the same kind.
  private static func bestKind(forWorkers count: Int) -> Kind {
    [.npu, .cuda].first { Device.count(of: $0) >= count } ?? .cpu
  }
}

extension Device.Kind {
  /// How a machine that has such devices gets them seen.
  fileprivate var provision: String {
    switch self {
    case .npu: "the library that registers it (--device-library libtorch_npu.so)"
    default: "a libtorch built for it (TORCH_DIR)"
    }
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
