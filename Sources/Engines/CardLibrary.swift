public import Collective
import CTorch

/// A library of a maker of cards that sums over them.
public enum CardLibrary: Sendable {
  /// NVIDIA's.
  case nccl
  /// Ascend's.
  case hccl

  var number: Int32 { Int32(bitPattern: (self == .nccl ? CT_NCCL : CT_HCCL).rawValue) }

  /// What it is called, with its version where it tells one; throws where it is not there.
  public func name() throws(EngineFailure) -> String {
    var name: UnsafePointer<CChar>?
    guard ct_sums_name(number, &name) == 0, let name else { throw .setup(lastError) }
    return String(cString: name)
  }

  /// A key by which the ranks of a group find one another, made by one of them.
  public func makeKey() throws(EngineFailure) -> [UInt8] {
    var key = [UInt8](repeating: 0, count: ct_sums_key_size(number))
    guard ct_sums_make_key(number, &key) == 0 else { throw .setup(lastError) }
    return key
  }
}
