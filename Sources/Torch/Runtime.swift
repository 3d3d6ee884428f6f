import CTorch
import System

/// Process-wide settings and facts of libtorch; change settings before the first tensor is made.
public enum Runtime {
  /// The version of libtorch in this process.
  public static var version: String { String(cString: ct_version()) }

  /// The file that libtorch was loaded from.
  public static var path: String { String(cString: ct_library_path()) }

  /// Whether the loaded libtorch was built for CUDA.
  public static var isForCUDA: Bool { ct_is_for_cuda() }

  /// Whether a device library has registered itself with libtorch.
  public static var hasRegisteredDevice: Bool { ct_has_registered_device() }

  /// Why the loaded libtorch does not fit this program; nil if it is of the release that this was built with.
  public static var mismatch: String? {
    mismatch(built: String(cString: ct_built_version()), loaded: version, path: path)
  }

  /// Ignores the last number of a version: releases that differ only there have the same symbols.
  static func mismatch(built: String, loaded: String, path: String) -> String? {
    let (own, other) = (built.split(separator: ".").prefix(2), loaded.split(separator: ".").prefix(2))
    guard own != other else { return nil }
    return
      "this program was built with libtorch \(built), and has loaded \(loaded) from \(path): one cannot stand for the "
      + "other. Build it anew for that one (TORCH_DIR=FOLDER make setup build), or take its folder out of LD_LIBRARY_PATH."
  }

  /// The compiler that this program was built with.
  public static var compiler: String { String(cString: ct_compiler()) }

  /// The instruction set that libtorch uses on this processor, such as `AVX2`.
  public static var instructionSet: String { String(cString: ct_instruction_set()) }

  /// The instruction set that the project's kernels use on this processor; nil where they cannot run and
  /// libtorch computes everything.
  public static var kernels: String? { ct_kernel_instructions().map { String(cString: $0) } }

  /// How these kernels form bfloat16 products, measured at the first call; nil where they cannot run.
  public static var bfloat16Products: String? { ct_kernel_products().map { String(cString: $0) } }

  /// The number of threads that one operation may use.
  public static var threads: Int {
    get {
      var count: Int32 = 0
      check(ct_threads(&count), #fileID, #line)
      return Int(count)
    }
    set { check(ct_set_threads(Int32(newValue)), #fileID, #line) }
  }

  /// Restricts cards to deterministic operations; one that has no such form then ends this process. Call it before a device is
  /// started; it changes nothing on the CPU.
  public static func beDeterministic() { check(ct_set_deterministic(), #fileID, #line) }

  /// Opens a library that registers a device with libtorch as PrivateUse1.
  ///
  /// - Returns: Why it cannot be opened, in the dynamic loader's words; nil on success.
  public static func open(deviceLibrary path: String) -> String? {
    guard ct_open_library(path) != CT_DONE.rawValue else { return nil }
    return String(String(cString: ct_last_error()).prefix { $0 != "\n" })
  }

  /// Keeps freed CPU memory for later tensors and other allocations instead of returning it to the system.
  ///
  /// Training steps allocate the same amounts again and again; without this each page would be faulted in
  /// anew.
  public static func keepMemory() {
    keepMallocMemory()
    check(ct_keep_memory(), #fileID, #line)
  }
}
