import CTorch

/// Where a tensor lives and its maths runs.
public struct Device: Hashable, Sendable, CustomStringConvertible {
  /// The kinds that libtorch, or a backend registered with it, knows.
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
  /// Which of the host's devices of that kind, from 0.
  public let index: Int

  /// A device by kind and index.
  public init(_ kind: Kind, index: Int = 0) {
    self.kind = kind
    self.index = index
  }

  /// The processor.
  public static let cpu = Device(.cpu)

  /// How many devices of a kind this process can use; 0 where its library fails to tell.
  public static func count(of kind: Kind) -> Int {
    var count: Int32 = 0
    return ct_device_count(kind.rawValue, &count) == CT_DONE.rawValue ? Int(count) : 0
  }

  /// Why a kind has no device, in the words of its library; nil where that has none for it.
  public static func fault(of kind: Kind) -> String? {
    var count: Int32 = 0
    guard ct_device_count(kind.rawValue, &count) == CT_DONE.rawValue else { return lastError }
    // A driver that is too old, or gone, is counted as no card: it is found out by starting.
    guard count == 0, kind == .cuda, Runtime.isForCUDA else { return nil }
    return ct_start_device(kind.rawValue) == CT_DONE.rawValue ? nil : lastError
  }

  private static var lastError: String { String(String(cString: ct_last_error()).prefix { $0 != "\n" }) }

  /// Has the card's library start it, where it wants that.
  ///
  /// - Returns: Why it cannot, in the library's words; nil where it is started, or needs no start.
  public func start() -> String? {
    kind != .npu || ct_start_npu(Int32(index)) == CT_DONE.rawValue ? nil : Self.lastError
  }

  /// Makes this the calling thread's device: what the thread pins or starts without naming one is this one's.
  public func makeCurrent(file: StaticString = #fileID, line: UInt = #line) {
    if kind != .cpu { check(ct_set_device(kind.rawValue, Int32(index)), file, line) }
  }

  /// Whether it multiplies bfloat16 numbers by itself; it has been started.
  public var hasBfloat16: Bool {
    var has = false
    check(ct_has_bfloat16(kind.rawValue, Int32(index), &has), #fileID, #line)
    return has
  }

  /// The most bytes that tensors have taken of it at once; nil on the CPU, and of a card that does not count them.
  public var peakBytes: Int? {
    var bytes: Int64 = 0
    guard kind != .cpu, ct_peak_memory(kind.rawValue, Int32(index), &bytes) == CT_DONE.rawValue else {
      return nil
    }
    return Int(bytes)
  }

  /// `cpu`, `cuda:0`, `npu:3`.
  public var description: String { kind == .cpu ? "cpu" : "\(kind):\(index)" }
}
