public import Collective
import CTorch

/// A card maker's library for sums over cards.
public enum CardLibrary: Sendable {
  /// NVIDIA's library.
  case nccl
  /// Ascend's library.
  case hccl

  var number: Int32 { Int32(bitPattern: (self == .nccl ? CT_NCCL : CT_HCCL).rawValue) }

  /// The library's name, with its version if it tells one; throws if the library is missing.
  public func name() throws(EngineFailure) -> String {
    var name: UnsafePointer<CChar>?
    guard ct_sums_name(number, &name) == 0, let name else { throw .setup(lastError) }
    return String(cString: name)
  }

  /// Makes a key with which a group's ranks find each other; one of them calls it for all.
  public func makeKey() throws(EngineFailure) -> [UInt8] {
    var key = [UInt8](repeating: 0, count: ct_sums_key_size(number))
    guard ct_sums_make_key(number, &key) == 0 else { throw .setup(lastError) }
    return key
  }
}
