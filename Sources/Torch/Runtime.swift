import CTorch

/// The maths library as a whole. Call these before the first tensor is made.
public enum Runtime {
  /// The version of libtorch in this process.
  public static var version: String { String(cString: ct_version()) }

  /// The compiler that this program was built with.
  public static var compiler: String { String(cString: ct_compiler()) }

  /// The instruction set that libtorch computes with on this processor, as `AVX2`.
  public static var instructionSet: String { String(cString: ct_instruction_set()) }

  /// Threads that one operation may use.
  public static var threads: Int {
    get {
      var count: Int32 = 0
      check(ct_threads(&count), #fileID, #line)
      return Int(count)
    }
    set { check(ct_set_threads(Int32(newValue)), #fileID, #line) }
  }

  /// Opens a library that registers a device with libtorch (its PrivateUse1).
  ///
  /// - Returns: Why there is no such device now; nil where there is one.
  public static func open(deviceLibrary path: String) -> String? {
    guard ct_open_library(path) == CT_DONE.rawValue else {
      return "it cannot be opened: \(String(cString: ct_last_error()).prefix { $0 != "\n" })"
    }
    return ct_has_registered_device() ? nil : "it was opened, and registered no device with libtorch"
  }

  /// Keeps freed CPU memory for the next tensor of its size instead of handing it back.
  ///
  /// A training step asks for the same sizes again and again; without this each one is faulted in afresh.
  public static func keepMemory() { check(ct_keep_memory(), #fileID, #line) }
}
