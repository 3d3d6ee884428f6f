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

  /// How many devices of a kind this process can use.
  public static func count(of kind: Kind) -> Int {
    var count: Int32 = 0
    check(ct_device_count(kind.rawValue, &count), #fileID, #line)
    return Int(count)
  }

  /// `cpu`, `cuda:0`, `npu:3`.
  public var description: String { kind == .cpu ? "cpu" : "\(kind):\(index)" }
}
