import Flags
import Glibc
import Recipe
import Torch

/// The library that registers a device with libtorch.
enum DeviceLibrary {
  /// Opens the library that a flag names, or else the user's variable, unless the CPU was asked for by name.
  static func open(
    _ path: String?, for choice: DeviceChoice?, _ environment: [String: String]
  ) throws(Failure) {
    let named = choice == .cpu ? nil : environment[deviceLibraryVariable].flatMap { $0.isEmpty ? nil : $0 }
    if let path {
      try open(path, namedBy: "--device-library")
    } else if let named {
      try open(named, namedBy: deviceLibraryVariable)
    }
  }

  private static func open(_ path: String, namedBy name: String) throws(Failure) {
    guard access(path, F_OK) == 0 else {
      throw Failure(
        "\(name) \(path): there is no such file; name the library that registers the device, as "
          + "torch_npu's libtorch_npu.so", exitStatus: .noDevice)
    }
    // Without a slash the loader would look for it in its own folders.
    if let reason = Runtime.open(deviceLibrary: path.contains("/") ? path : "./\(path)") {
      throw Failure("\(name) \(path): \(reason)", exitStatus: .noDevice)
    }
  }
}
