public import Collective
import CTorch

/// Where the processes of engines find one another's addresses: c10d's store over TCP, which one of them keeps for all.
public final class EngineStore {
  let handle: OpaquePointer?

  /// Opens the store at an address and a port.
  ///
  /// - Parameters:
  ///   - socket: A socket that listens there, from the one process that keeps the store; it then belongs to the store.
  ///   - time: How long the others wait for it, and all for what is to be in it.
  public init(
    at address: String, port: UInt16, listeningOn socket: Int32? = nil, within time: Duration
  ) throws(EngineFailure) {
    var store: OpaquePointer?
    guard ct_store_open(address, Int32(port), socket ?? -1, milliseconds(time), &store) == 0 else {
      throw .setup("the store at \(address), port \(port): \(lastError)")
    }
    handle = store
  }

  deinit { ct_store_free(handle) }

  /// Puts a value under a key, in place of an earlier one.
  public func set(_ key: String, _ value: [UInt8]) throws(EngineFailure) {
    guard ct_store_set(handle, key, value, value.count) == 0 else { throw .setup("\(key): \(lastError)") }
  }

  /// The value of a key, which is waited for as long as for the store itself.
  public func value(of key: String) throws(EngineFailure) -> [UInt8] {
    var value: [UInt8] = []
    let status = withUnsafeMutablePointer(to: &value) { value in
      ct_store_get(
        handle, key,
        { context, bytes, count in
          context?.assumingMemoryBound(to: [UInt8].self).pointee = Array(
            UnsafeRawBufferPointer(start: bytes, count: count))
        }, value)
    }
    guard status == 0 else { throw .setup("\(key): \(lastError)") }
    return value
  }
}
