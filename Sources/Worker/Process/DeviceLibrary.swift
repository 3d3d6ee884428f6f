import Flags
import Glibc
import Recipe
import Torch

/// The library that registers a device with libtorch.
enum DeviceLibrary {
  /// Opens the library named by a flag or a variable, unless the CPU was explicitly requested.
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
    func refuse(_ reason: String) throws(Failure) {
      throw Failure("\(name) \(path): \(reason)", exitStatus: .noDevice)
    }
    guard access(path, F_OK) == 0 else {
      return try refuse(
        "there is no such file; name the library that registers the device, as libtorch_npu.so")
    }
    // Without a slash the dynamic loader would search its own folders.
    if let words = Runtime.open(deviceLibrary: path.contains("/") ? path : "./\(path)") {
      return try refuse(fault(words))
    }
    guard Runtime.hasRegisteredDevice else {
      return try refuse(
        "it was opened, and registered no device with libtorch \(Runtime.version); is it the library itself, as "
          + "libtorch_npu.so, and not one that it needs?")
    }
  }

  /// What is wrong with a library and what to do, from the dynamic loader's message.
  static func fault(_ words: String) -> String {
    let isMissing = words.contains("cannot open shared object file")
    let missing = String(words.prefix { $0 != ":" })
    let parts = words.split(separator: "undefined symbol: ", maxSplits: 1)
    let symbol = parts.count == 2 ? String(parts[1].prefix { $0 != " " }) : nil
    switch (symbol, isMissing) {
    case (let symbol?, _) where isPythons(symbol):
      return
        "it needs Python (\(symbol)), which is not here: that is the library of the wheel. Build libtorch_npu without "
        + "Python, as deploy/ascend/README.md says."
    case (nil, true) where missing.hasPrefix("libtorch_python") || missing.hasPrefix("libpython"):
      return
        "it needs Python (\(missing)), which is not here: that is the library of the wheel. Build libtorch_npu without "
        + "Python, as deploy/ascend/README.md says."
    case (let symbol?, _) where isLibtorchs(symbol):
      return
        "it was built for another libtorch than \(Runtime.version) (\(Runtime.path) has no \(symbol)): build it for that "
        + "release, as deploy/ascend/README.md says, or this program for its own (TORCH_DIR=FOLDER make setup build)."
    case (nil, true) where ofCANN.contains(where: missing.hasPrefix):
      return "it needs \(missing), which is one of CANN's libraries and is not found: "
        + "source /usr/local/Ascend/ascend-toolkit/set_env.sh (or where CANN is installed) before the start."
    case (nil, true):
      return
        "it needs \(missing), which is not found: ldd shows all that it needs, and LD_LIBRARY_PATH where to look."
    default:
      return "it cannot be opened: \(words)"
    }
  }

  private static func isPythons(_ symbol: String) -> Bool {
    ["Py", "_Py"].contains(where: symbol.hasPrefix)
  }

  /// Recognised by the namespaces in libtorch's mangled names.
  private static func isLibtorchs(_ symbol: String) -> Bool {
    symbol.hasPrefix("_Z") && ["3c10", "2at", "5torch", "4c10d"].contains(where: symbol.contains)
  }

  /// Prefixes of CANN's libraries that libtorch_npu.so needs, directly or indirectly.
  private static let ofCANN = [
    "libhccl", "libascend", "libacl", "libge_", "libgraph", "libruntime", "liberror_manager",
  ]
}
