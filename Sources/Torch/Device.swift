import CTorch

/// A device that holds tensors and computes with them.
public struct Device: Hashable, Sendable, CustomStringConvertible {
  /// The kinds of devices known to libtorch or to a backend registered with it.
  public enum Kind: Int32, Sendable {
    /// The processor.
    case cpu = 0
    /// An NVIDIA card.
    case cuda = 1
    /// An Ascend card (torch_npu, registered as PrivateUse1).
    case npu = 20
  }

  /// The kind of device.
  public let kind: Kind
  /// The number of the device among the host's devices of its kind, from 0.
  public let index: Int

  /// Makes a device from kind and index.
  public init(_ kind: Kind, index: Int = 0) {
    self.kind = kind
    self.index = index
  }

  /// The processor.
  public static let cpu = Device(.cpu)

  /// The number of devices of a kind that this process can use; 0 if the library fails to count them.
  public static func count(of kind: Kind) -> Int {
    var count: Int32 = 0
    return ct_device_count(kind.rawValue, &count) == CT_DONE.rawValue ? Int(count) : 0
  }

  /// Why there is no device of a kind, in its library's words; nil where the library says nothing.
  public static func fault(of kind: Kind) -> String? {
    var count: Int32 = 0
    guard ct_device_count(kind.rawValue, &count) == CT_DONE.rawValue else { return lastError }
    // With an outdated or missing driver, counting gives zero without an error; starting CUDA gives the
    // reason.
    guard count == 0, kind == .cuda, Runtime.isForCUDA else { return nil }
    return ct_start_device(kind.rawValue) == CT_DONE.rawValue ? nil : lastError
  }

  private static var lastError: String { String(String(cString: ct_last_error()).prefix { $0 != "\n" }) }

  /// Starts the card through its library, where that needs starting.
  ///
  /// - Returns: Why it cannot start, in the library's words; nil on success.
  public func start() -> String? {
    kind != .npu || ct_start_npu(Int32(index)) == CT_DONE.rawValue ? nil : Self.lastError
  }

  /// Makes this the calling thread's current device, which calls that name none use.
  public func makeCurrent(file: StaticString = #fileID, line: UInt = #line) {
    if kind != .cpu { check(ct_set_device(kind.rawValue, Int32(index)), file, line) }
  }

  /// Whether the device has bfloat16 products of its own; the device must have been started.
  public var hasBfloat16: Bool {
    var has = false
    check(ct_has_bfloat16(kind.rawValue, Int32(index), &has), #fileID, #line)
    return has
  }

  /// The most bytes that tensors have occupied on the device at once; nil on the CPU and where the allocator
  /// keeps no count.
  public var peakBytes: Int? {
    var bytes: Int64 = 0
    guard kind != .cpu, ct_peak_memory(kind.rawValue, Int32(index), &bytes) == CT_DONE.rawValue else {
      return nil
    }
    return Int(bytes)
  }

  /// Such as `cpu`, `cuda:0` or `npu:3`.
  public var description: String { kind == .cpu ? "cpu" : "\(kind):\(index)" }
}
