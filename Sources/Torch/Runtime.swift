import CTorch
import System

/// The maths library as a whole. Call these before the first tensor is made.
public enum Runtime {
  /// The version of libtorch in this process.
  public static var version: String { String(cString: ct_version()) }

  /// The file that libtorch was loaded from.
  public static var path: String { String(cString: ct_library_path()) }

  /// Whether libtorch is a build for CUDA.
  public static var isForCUDA: Bool { ct_is_for_cuda() }

  /// Whether a library has registered a device with libtorch.
  public static var hasRegisteredDevice: Bool { ct_has_registered_device() }

  /// Why the libtorch that was loaded is none for this program; nil where it is of the release that this was built with.
  public static var mismatch: String? {
    mismatch(built: String(cString: ct_built_version()), loaded: version, path: path)
  }

  /// The last number of a version is that of a release with the same names in it.
  static func mismatch(built: String, loaded: String, path: String) -> String? {
    let (own, other) = (built.split(separator: ".").prefix(2), loaded.split(separator: ".").prefix(2))
    guard own != other else { return nil }
    return
      "this program was built with libtorch \(built), and has loaded \(loaded) from \(path): one cannot stand for the "
      + "other. Build it anew for that one (TORCH_DIR=FOLDER make setup build), or take its folder out of LD_LIBRARY_PATH."
  }

  /// The compiler that this program was built with.
  public static var compiler: String { String(cString: ct_compiler()) }

  /// The instruction set that libtorch computes with on this processor, as `AVX2`.
  public static var instructionSet: String { String(cString: ct_instruction_set()) }

  /// The instruction set that the block's kernels take on this processor; nil where they cannot run, and libtorch's do all.
  public static var kernels: String? { ct_kernel_instructions().map { String(cString: $0) } }

  /// How these form products of bfloat16 values, measured when it is first asked for; nil where they cannot run.
  public static var bfloat16Products: String? { ct_kernel_products().map { String(cString: $0) } }

  /// Threads that one operation may use.
  public static var threads: Int {
    get {
      var count: Int32 = 0
      check(ct_threads(&count), #fileID, #line)
      return Int(count)
    }
    set { check(ct_set_threads(Int32(newValue)), #fileID, #line) }
  }

  /// Has cards take such operations alone as come to the same bits each time, and this process end where one has none. Before
  /// a device is started; on the CPU it changes nothing.
  public static func beDeterministic() { check(ct_set_deterministic(), #fileID, #line) }

  /// Opens a library that registers a device with libtorch (its PrivateUse1).
  ///
  /// - Returns: Why it cannot be opened, in the loader's words; nil where it is.
  public static func open(deviceLibrary path: String) -> String? {
    guard ct_open_library(path) != CT_DONE.rawValue else { return nil }
    return String(String(cString: ct_last_error()).prefix { $0 != "\n" })
  }

  /// Keeps freed CPU memory for later tensors instead of handing it back, and the rest of the process, such as megabyte
  /// messages, keeps its own.
  ///
  /// A training step asks for much the same again and again; without this each page is faulted in afresh.
  public static func keepMemory() {
    keepMallocMemory()
    check(ct_keep_memory(), #fileID, #line)
  }
}
