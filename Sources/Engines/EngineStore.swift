public import Collective
import CTorch

/// The store in which engines' processes find each other's addresses: c10d's, over TCP, kept by one of them.
public final class EngineStore {
  let handle: OpaquePointer?

  /// Opens the store at an address and a port.
  ///
  /// - Parameters:
  /// - socket: A socket that listens there, in the process that keeps the store, which then owns it.
  /// - time: How long the other processes wait for the store, and all of them for its values.
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

  /// Sets a key's value, replacing an earlier one.
  public func set(_ key: String, _ value: [UInt8]) throws(EngineFailure) {
    guard ct_store_set(handle, key, value, value.count) == 0 else { throw .setup("\(key): \(lastError)") }
  }

  /// Waits for a key, as long as for the store itself, and returns its value.
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
